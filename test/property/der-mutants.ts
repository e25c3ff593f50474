import { element } from '../../core/signing/der.js'
import { DerElement } from '../../core/validation/der-reader.js'

/** One step of a mutation; numbers are taken modulo what there is. */
export interface Step {
  readonly kind: number
  readonly place: number
  readonly value: number
}

const byteKinds = 5
const structureKinds = 8

/** Changes bytes without a thought for structure: flips, overwrites, cuts, doubles, inserts. */
export function mutateBytes(source: Buffer, steps: readonly Step[]): Buffer {
  let bytes = Buffer.from(source)
  for (const { kind, place, value } of steps) {
    const at = bytes.length === 0 ? 0 : place % bytes.length
    const length = 1 + (value % 64)
    switch (kind % byteKinds) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (value % 8))
        break
      case 1:
        bytes[at] = value & 0xff
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
        break
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(length, value & 0xff), bytes.subarray(at)])
    }
  }
  return bytes
}

interface Node {
  tag: number
  content: Buffer
  children: Node[] | undefined
}

function parse(part: DerElement): Node {
  return { tag: part.tag, content: part.content, children: part.constructed ? part.children.map(parse) : undefined }
}

function encode(node: Node): Buffer {
  return element(node.tag, ...(node.children === undefined ? [node.content] : node.children.map(encode)))
}

function all(node: Node, found: Node[] = []): Node[] {
  found.push(node)
  for (const child of node.children ?? []) all(child, found)
  return found
}

/** Changes the tree and writes it again as correct DER: parts removed, doubled, swapped, emptied, retagged, nested, made huge. */
export function mutateStructure(source: Buffer, steps: readonly Step[]): Buffer {
  const root = parse(DerElement.read(source, 0, { whole: true }))
  for (const { kind, place, value } of steps) {
    const nodes = all(root)
    const node = nodes[place % nodes.length] ?? root
    const children = node.children ?? []
    const child = children.length === 0 ? 0 : value % children.length
    switch (kind % structureKinds) {
      case 0:
        children.splice(child, 1)
        break
      case 1:
        if (children[child] !== undefined) children.splice(child, 0, children[child])
        break
      case 2:
        if (children.length > 1) children.push(...children.splice(child, 1))
        break
      case 3:
        node.tag = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0, 0xa1, 0xa3][value % 15] ?? 0x30
        break
      case 4:
        node.content = Buffer.alloc(value % 300, value & 0xff)
        if (node.children !== undefined && value % 2 === 0) node.children = []
        break
      case 5:
        for (let depth = 0; depth < value % 80; depth++) {
          const inner = { ...node }
          node.tag = 0x30
          node.content = Buffer.alloc(0)
          node.children = [inner]
        }
        break
      case 6:
        if (children[child] !== undefined) {
          // Files are bounded before they are read; a mutant is too.
          const room = Math.floor(20_000 / all(children[child]).length)
          for (let count = 0; count < Math.min(value % 500, room); count++) children.push(children[child])
        }
        break
      default:
        node.content = Buffer.concat([Buffer.from([value & 0xff]), node.content])
    }
    if (all(root).length > 20_000) break
  }
  return encode(root)
}
