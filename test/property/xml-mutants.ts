import { readTree } from '../../core/xml/read-tree.js'
import { treeElements, type TreeElement } from '../../core/xml/tree.js'

/** Numbers that are the same in every run (xorshift32). */
export class XmlDice {
  private state: number

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 97) >>> 0 || 1
    for (let index = 0; index < 8; index++) this.below(2)
  }

  below(limit: number): number {
    this.state ^= this.state << 13
    this.state >>>= 0
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    this.state >>>= 0
    return this.state % limit
  }

  one<Item>(list: readonly Item[]): Item {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new RangeError('empty list')
    return item
  }
}

const algorithms = [
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
  'http://www.w3.org/2006/12/xml-c14n11',
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
  'http://www.w3.org/TR/1999/REC-xpath-19991116',
  'http://www.w3.org/2000/09/xmldsig#base64',
  'http://www.w3.org/2000/09/xmldsig#sha1',
  'http://www.w3.org/2001/04/xmlenc#sha512',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384',
  'toString',
]
const insertions = [
  '<!-- -->',
  '<?target data?>',
  '<![CDATA[]]>',
  '<Evil/>',
  '<Evil Id="evil">999</Evil>',
  '<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><Evil/></ds:Object>',
  '&#13;',
  '&amp;',
  ' ',
  '\r\n',
  'text',
  '&unknown;',
]

type Mutation = (text: string, elements: readonly TreeElement[], dice: XmlDice) => string

const part = (text: string, element: TreeElement): string => text.slice(element.start, element.end)
const replaced = (text: string, element: TreeElement, by: string): string => text.slice(0, element.start) + by + text.slice(element.end)
const inserted = (text: string, at: number, what: string): string => text.slice(0, at) + what + text.slice(at)

/** Changes somebody makes who knows how XML signatures are read. */
const structural: Readonly<Record<string, Mutation>> = {
  remove: (text, elements, dice) => replaced(text, dice.one(elements), ''),
  duplicate: (text, elements, dice) => {
    const element = dice.one(elements)
    return inserted(text, element.end, part(text, element))
  },
  move: (text, elements, dice) => {
    const [from, to] = [dice.one(elements), dice.one(elements)]
    const moved = part(text, from)
    if (to.contentEnd <= from.start) return inserted(replaced(text, from, ''), to.contentEnd, moved)
    if (to.contentStart >= from.end) return replaced(inserted(text, to.contentStart, moved), from, '')
    return inserted(text, to.end, moved)
  },
  swap: (text, elements, dice) => {
    const pair = [dice.one(elements), dice.one(elements)].sort((left, right) => left.start - right.start)
    const [first, second] = pair
    if (first === undefined || second === undefined || second.start < first.end) return text
    return replaced(replaced(text, second, part(text, first)), first, part(text, second))
  },
  nest: (text, elements, dice) => {
    const element = dice.one(elements)
    return replaced(text, element, `<Wrap>${part(text, element)}</Wrap>`)
  },
  deepen: (text, elements, dice) => {
    const element = dice.one(elements)
    const depth = dice.one([2, 60, 200, 3000])
    return replaced(text, element, '<w>'.repeat(depth) + part(text, element) + '</w>'.repeat(depth))
  },
  rename: (text, elements, dice) => {
    const name = dice.one(elements).local
    return text.replaceAll(new RegExp(`(?<=[<:/])${name}(?=[\\s>/])`, 'g'), `${name}X`)
  },
  rebind: (text, _elements, dice) =>
    text.replace(/xmlns(?::\w+)?="[^"]*"/, (whole) => dice.one([whole, '', `${whole.slice(0, -1)}x"`, whole.replace('xmlns:', 'xmlns:q')])),
  declare: (text, elements, dice) => {
    const element = dice.one(elements)
    const tag = element.start + 1 + (element.prefix === '' ? 0 : element.prefix.length + 1) + element.local.length
    return inserted(
      text,
      tag,
      dice.one([' xmlns:n="urn:n"', ' xmlns=""', ' xml:lang="en"', ' xml:base="http://a/"', ' Id="sig"', ' xml:id="new"', ' a="b"', '\n']),
    )
  },
  identify: (text, _elements, dice) => {
    const ids = [...text.matchAll(/ Id="([^"]*)"/g)]
    if (ids.length === 0) return text
    const [one, other] = [dice.one(ids), dice.one(ids)]
    return inserted(
      text.replace(one[0], ''),
      one.index,
      dice.one([` ID="${one[1] ?? ''}"`, ` Id="${other[1] ?? ''}"`, ` id="${one[1] ?? ''}"`, ` xml:id="${one[1] ?? ''}"`, '']),
    )
  },
  refer: (text, _elements, dice) =>
    text.replace(/ URI="[^"]*"/g, (whole) =>
      dice.one([whole, ' URI=""', ' URI="#xpointer(/)"', ' URI="#sig"', ' URI="file:///etc/passwd"', '']),
    ),
  algorithm: (text, _elements, dice) => {
    const places = [...text.matchAll(/Algorithm="[^"]*"/g)]
    if (places.length === 0) return text
    const place = dice.one(places)
    return text.slice(0, place.index) + `Algorithm="${dice.one(algorithms)}"` + text.slice(place.index + place[0].length)
  },
  insert: (text, elements, dice) =>
    inserted(
      text,
      dice.one([dice.one(elements).contentStart, dice.one(elements).contentEnd, dice.one(elements).start]),
      dice.one(insertions),
    ),
  transplant: (text, elements, dice) => replaced(text, dice.one(elements), `<Evil>${dice.below(1000)}</Evil>`),
  doctype: (text, _elements, dice) =>
    dice.one(['<!DOCTYPE r>', '<!DOCTYPE r [<!ENTITY a "b">]>', '<?xml version="1.1"?>', '<?xml version="1.0" encoding="UTF-16"?>']) + text,
}

function bytes(text: string, dice: XmlDice): Buffer {
  const changed = Buffer.from(text)
  const at = dice.below(changed.length)
  switch (dice.below(5)) {
    case 0:
      return Buffer.concat([changed.subarray(0, at), changed.subarray(at + 1 + dice.below(30))])
    case 1:
      return Buffer.concat([changed.subarray(0, at), Buffer.from([dice.below(256)]), changed.subarray(at)])
    case 2:
      return changed.subarray(0, at)
    case 3:
      changed[at] = dice.below(256)
      return changed
    default:
      changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8))
      return changed
  }
}

/** Mutant number so and so of these files: always the same. */
export function xmlMutant(
  files: readonly Buffer[],
  number: number,
): { readonly xml: Buffer; readonly origin: number; readonly how: string } {
  const dice = new XmlDice(number + 1)
  const origin = number % files.length
  let text = (files[origin] ?? Buffer.alloc(0)).toString('utf8')
  const how: string[] = [`#${number}`]
  for (let round = 1 + dice.below(2); round > 0; round--) {
    if (dice.below(3) === 0) return { xml: bytes(text, dice), origin, how: [...how, 'bytes'].join(' ') }
    let elements: readonly TreeElement[]
    try {
      elements = treeElements(readTree(text).root)
    } catch {
      break
    }
    const name = dice.one(Object.keys(structural))
    how.push(name)
    text = structural[name]?.(text, elements, dice) ?? text
  }
  return { xml: Buffer.from(text), origin, how: how.join(' ') }
}
