import { crc32, deflateRawSync } from 'node:zlib'

/** A file of an archive, and what its headers say of it where that is not the truth. */
export interface Part {
  readonly name: string
  readonly content: string | Buffer
  /** Unpacked size as the headers tell it. */
  readonly toldSize?: number
  /** The directory points at the bytes of the part of this index, not at its own. */
  readonly bytesOf?: number
}

/** A ZIP archive (APPNOTE 6.3.10) of deflated parts, honest or not. */
export function zipOf(parts: readonly Part[]): Buffer {
  const locals: Buffer[] = []
  const places: { at: number; packed: number }[] = []
  let at = 0
  const heads = parts.map((part) => {
    const bytes = Buffer.from(part.content)
    const packed = deflateRawSync(bytes, { level: 9 })
    const name = Buffer.from(part.name)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt16LE(0x0800, 2)
    head.writeUInt16LE(8, 4)
    head.writeUInt16LE(0x21, 8)
    head.writeUInt32LE(crc32(bytes), 10)
    head.writeUInt32LE(packed.length, 14)
    head.writeUInt32LE(part.toldSize ?? bytes.length, 18)
    head.writeUInt16LE(name.length, 22)
    const own = part.bytesOf === undefined
    if (own) locals.push(Buffer.from('504b0304', 'hex'), head, name, packed)
    places.push({ at, packed: packed.length })
    if (own) at += 30 + name.length + packed.length
    return { head, name, bytesOf: part.bytesOf }
  })
  const directory = heads.flatMap(({ head, name, bytesOf }, index) => {
    const place = places[bytesOf ?? index]
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(place?.at ?? 0, 10)
    return [Buffer.from('504b01021400', 'hex'), head, tail, name]
  })
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, list, end])
}

export interface WorkbookParts {
  /** Rows of the sheet, as XML inside `sheetData`. */
  readonly rows?: string
  /** XML after `sheetData`. */
  readonly behind?: string
  /** XML after the sheets of the workbook. */
  readonly names?: string
  readonly strings?: string
  readonly prolog?: string
  readonly further?: readonly Part[]
}

const spreadsheet = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const packages = 'http://schemas.openxmlformats.org/package/2006'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** A row of texts in a sheet. */
export function rowOf(number: number, ...cells: readonly string[]): string {
  const drawn = cells.map(
    (text, index) => `<c r="${String.fromCodePoint(65 + index)}${String(number)}" t="inlineStr"><is><t>${text}</t></is></c>`,
  )
  return `<row r="${String(number)}">${drawn.join('')}</row>`
}

/** A workbook of one sheet as a spreadsheet writes it, with what a stranger put into it. */
export function workbookOf(parts: WorkbookParts): Buffer {
  const prolog = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
  const rows = parts.rows ?? `${rowOf(1, 'name', 'email')}${rowOf(2, 'منى', 'mona@example.com')}`
  return zipOf([
    {
      name: '[Content_Types].xml',
      content: `${prolog}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>`,
    },
    {
      name: '_rels/.rels',
      content: `${prolog}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    },
    {
      name: 'xl/workbook.xml',
      content: `${prolog}<workbook xmlns="${spreadsheet}" xmlns:r="${office}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets>${parts.names ?? ''}</workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: `${prolog}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    },
    {
      name: 'xl/worksheets/sheet1.xml',
      content: `${parts.prolog ?? prolog}<worksheet xmlns="${spreadsheet}" xmlns:r="${office}"><sheetData>${rows}</sheetData>${parts.behind ?? ''}</worksheet>`,
    },
    { name: 'xl/sharedStrings.xml', content: `${prolog}<sst xmlns="${spreadsheet}">${parts.strings ?? ''}</sst>` },
    ...(parts.further ?? []),
  ])
}
