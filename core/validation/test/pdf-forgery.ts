import { createHash, randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { PdfDocument } from '../pdf/document.js'
import { PdfReference, type PdfDictionary } from '../pdf/objects.js'
import { createSignedData } from '../../signing/formats/cades/signed-data.js'
import type { Signer } from '../../signing/signing-service.js'
import { writeValue } from '../../signing/formats/pades/object-writer.js'

export interface Section {
  /** Bodies of the objects by number; a stream is written with its `stream` part. */
  readonly objects?: Readonly<Record<number, string>>
  /** Generation of an object in its header and its entry; 0 unless told. */
  readonly generations?: Readonly<Record<number, number>>
  /** Entries marked free. */
  readonly free?: readonly number[]
  /** Trailer entries added to or put over Size, Root, Info and Prev; an empty text takes one out. */
  readonly trailer?: Readonly<Record<string, string>>
  readonly xref?: 'table' | 'stream'
  /** Raw lines put behind the subsections of the table. */
  readonly rows?: string
  /** Text put before the objects. */
  readonly lead?: string
}

/** A save appended by hand, so that it can be as wrong as an attacker likes. */
export function append(pdf: Buffer, section: Section): Buffer {
  const document = PdfDocument.open(pdf)
  const { trailer, sections } = document
  const chunks: Buffer[] = [Buffer.from(section.lead ?? '', 'latin1')]
  let at = pdf.length + (chunks[0]?.length ?? 0)
  const entries = new Map<number, { kind: 'n' | 'f'; offset: number; generation: number }>()
  for (const number of section.free ?? []) entries.set(number, { kind: 'f', offset: 0, generation: 1 })
  for (const [key, body] of Object.entries(section.objects ?? {})) {
    const number = Number(key)
    const generation = section.generations?.[number] ?? 0
    const chunk = Buffer.from(`${number} ${generation} obj\n${body}\nendobj\n`, 'latin1')
    entries.set(number, { kind: 'n', offset: at, generation })
    chunks.push(chunk)
    at += chunk.length
  }
  const sorted = [...entries].sort(([left], [right]) => left - right)
  const size = Math.max(document.size, ...sorted.map(([number]) => number + 1))
  const info = trailer.get('Info')
  const written: Record<string, string> = {
    Size: String(size),
    Root: writeValue(document.catalogReference),
    ...(info === undefined ? {} : { Info: writeValue(info) }),
    Prev: String(sections[0]?.offset ?? 0),
    ...section.trailer,
  }
  const dictionary = Object.entries(written)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `/${key} ${value}`)
    .join(' ')
  if (section.xref === 'stream') {
    const own = size
    sorted.push([own, { kind: 'n', offset: at, generation: 0 }])
    const data = Buffer.alloc(sorted.length * 6)
    for (const [index, [, entry]] of sorted.entries()) {
      data.writeUInt8(entry.kind === 'n' ? 1 : 0, index * 6)
      data.writeUInt32BE(entry.offset, index * 6 + 1)
      data.writeUInt8(entry.generation, index * 6 + 5)
    }
    const packed = deflateSync(data)
    const index = sorted.map(([number]) => `${number} 1`).join(' ')
    const head = dictionary.replace(`/Size ${size}`, `/Size ${size + 1}`)
    chunks.push(
      Buffer.from(
        `${own} 0 obj\n<</Type /XRef /W [1 4 1] /Index [${index}] /Filter /FlateDecode /Length ${packed.length} ${head}>>\nstream\n`,
      ),
      packed,
      Buffer.from(`\nendstream\nendobj\nstartxref\n${at}\n%%EOF\n`),
    )
    return Buffer.concat([pdf, ...chunks])
  }
  const rows = sorted.map(
    ([number, entry]) =>
      `${number} 1\n${String(entry.offset).padStart(10, '0')} ${String(entry.generation).padStart(5, '0')} ${entry.kind} \n`,
  )
  chunks.push(Buffer.from(`xref\n${rows.join('')}${section.rows ?? ''}trailer\n<<${dictionary}>>\nstartxref\n${at}\n%%EOF\n`, 'latin1'))
  return Buffer.concat([pdf, ...chunks])
}

/** A file from its objects; number 1 is the catalog. `lead` stands before the header, and offsets count it. */
export function build(objects: Readonly<Record<number, string>>, trailer: Readonly<Record<string, string>> = {}, lead = ''): Buffer {
  const chunks = [Buffer.from(`${lead}%PDF-1.7\n`, 'latin1')]
  let at = chunks[0]?.length ?? 0
  const rows = ['0000000000 65535 f \n']
  const highest = Math.max(...Object.keys(objects).map(Number))
  for (let number = 1; number <= highest; number++) {
    const body = objects[number]
    if (body === undefined) {
      rows.push('0000000000 00001 f \n')
      continue
    }
    rows.push(`${String(at).padStart(10, '0')} 00000 n \n`)
    const chunk = Buffer.from(`${number} 0 obj\n${body}\nendobj\n`, 'latin1')
    chunks.push(chunk)
    at += chunk.length
  }
  const more = Object.entries(trailer)
    .map(([key, value]) => ` /${key} ${value}`)
    .join('')
  chunks.push(
    Buffer.from(
      `xref\n0 ${highest + 1}\n${rows.join('')}trailer\n<</Size ${highest + 1} /Root 1 0 R${more}>>\nstartxref\n${at}\n%%EOF\n`,
      'latin1',
    ),
  )
  return Buffer.concat(chunks)
}

export function streamBody(text: string, entries = ''): string {
  return `<<${entries}/Length ${Buffer.byteLength(text, 'latin1')}>>\nstream\n${text}\nendstream`
}

/** The body of an object with entries put over its own; an empty text takes one out. */
export function dictionaryWith(dictionary: PdfDictionary, changes: Readonly<Record<string, string>>): string {
  const kept = [...dictionary].filter(([key]) => !(key in changes)).map(([key, value]) => `/${key} ${writeValue(value)}`)
  const put = Object.entries(changes)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `/${key} ${value}`)
  return `<<${[...kept, ...put].join(' ')}>>`
}

/** Number of the object a dictionary entry refers to. */
export function numberAt(dictionary: PdfDictionary | undefined, key: string): number {
  const value = dictionary?.get(key)
  if (!(value instanceof PdfReference)) throw new TypeError(`${key} is no reference`)
  return value.number
}

/** A signed file made by hand, so that its signature dictionary can say what no signing program writes. */
export async function signByHand(
  signer: Signer,
  wishes: {
    /** Entries of the signature dictionary beside ByteRange and Contents; `undefined` for the usual ones. */
    readonly entries?: string
    readonly byteRange?: (numbers: string) => string
    readonly objects?: Readonly<Record<number, string>>
    readonly trailer?: Readonly<Record<string, string>>
    /** Put before the header. */
    readonly lead?: string
    /** Changes bytes before they are signed. */
    readonly edit?: (bytes: Buffer) => void
    /** Makes the signature of the bytes; the signer's usual one unless told. */
    readonly contents?: (signed: Buffer) => Buffer
  } = {},
): Promise<Buffer> {
  const entries = wishes.entries ?? '/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (D:20261122103000Z)'
  const room = wishes.contents === undefined ? 4000 : 40_000
  const blank = ' '.repeat(80)
  const bytes = build(
    {
      1: '<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [5 0 R] /SigFlags 3>>>>',
      2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
      3: '<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources <<>> /Annots [5 0 R]>>',
      4: streamBody('0 0 10 10 re f'),
      5: '<</Type /Annot /Subtype /Widget /FT /Sig /T (s) /F 2 /Rect [0 0 0 0] /V 6 0 R /P 3 0 R>>',
      6: `<<${entries} /ByteRange ${blank} /Contents <${'0'.repeat(room)}>>>`,
      ...wishes.objects,
    },
    wishes.trailer,
    wishes.lead,
  )
  wishes.edit?.(bytes)
  const start = bytes.indexOf('/Contents <0') + '/Contents '.length
  const end = start + room + 2
  const numbers = `0 ${start} ${end} ${bytes.length - end}`
  bytes.write((wishes.byteRange ?? ((text) => `[${text}]`))(numbers), bytes.indexOf(blank), 'latin1')
  const contentDigest = createHash(signer.digestAlgorithm).update(bytes.subarray(0, start)).update(bytes.subarray(end)).digest()
  const cms =
    wishes.contents?.(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])) ??
    (await createSignedData({ signer, contentDigest })).cms
  bytes.write(cms.toString('hex'), start + 1, 'latin1')
  return bytes
}

/** A file of about so many bytes, in so many objects that the page leads to. */
export function fileOfSize(bytes: number, objects: number): Buffer {
  const each = Math.floor(bytes / objects)
  const entries: Record<number, string> = {
    1: '<</Type /Catalog /Pages 2 0 R>>',
    2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
    3: `<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources <</XObject <<${Array.from({ length: objects }, (_, index) => `/X${index} ${index + 5} 0 R`).join(' ')}>>>>>>`,
    4: streamBody('0 0 1 1 re f'),
  }
  const data = randomBytes(each)
    .toString('latin1')
    .replace(/endstream/g, '')
  for (let index = 0; index < objects; index++) entries[index + 5] = streamBody(data, `/Type /XObject /Subtype /Image /Number ${index} `)
  return build(entries)
}
