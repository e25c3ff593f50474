import { Fault } from '../../../../core/i18n/fault.js'
import { packEntry, readArchive, unpack, writeArchive, type ArchiveEntry } from './archive.js'

/** Compound File Binary: an old .doc, or a .docx that is encrypted (MS-OFFCRYPTO 2.3.4.4). */
const compoundFile = Buffer.from('d0cf11e0a1b11ae1', 'hex')
const mainDocument = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'

/** Fields that fetch something from elsewhere when the document is opened (ECMA-376-1 17.16.5). */
const fetchingFields = /\b(?:INCLUDEPICTURE|INCLUDETEXT|DDEAUTO|DDE|LINK|IMPORT|RD)\b/

/**
 * A DOCX as it may be converted: nothing in it runs or is fetched from elsewhere. The link to the author's Word template, which most
 * documents carry and which says nothing about their text, is taken out; whatever else would be missing on paper is refused.
 * @returns the archive without what nobody lists in it
 * @throws Fault SIGNATURES-DOCX-ENCRYPTED, SIGNATURES-DOCX-OLD, SIGNATURES-DOCX-MACROS, SIGNATURES-DOCX-LINKED, SIGNATURES-DOCX-DAMAGED,
 *   SIGNATURES-UPLOAD-TYPE when it is another kind of file
 */
export function checkDocx(bytes: Buffer): Buffer {
  if (bytes.subarray(0, 8).equals(compoundFile)) {
    const encrypted = bytes.includes(Buffer.from('EncryptedPackage', 'utf16le'))
    throw new Fault(encrypted ? 'SIGNATURES-DOCX-ENCRYPTED' : 'SIGNATURES-DOCX-OLD', { path: 'file' })
  }
  const entries = readArchive(bytes)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const types = byName.get('[Content_Types].xml')
  if (types === undefined) throw new Fault('SIGNATURES-UPLOAD-TYPE', { path: 'file' })
  const typeList = xmlOf(types)
  if (/macroEnabled/i.test(typeList) || entries.some(({ name }) => /vbaProject|vbaData|activeX\//i.test(name)))
    throw new Fault('SIGNATURES-DOCX-MACROS', { path: 'file' })
  if (!typeList.includes(mainDocument)) throw new Fault('SIGNATURES-UPLOAD-TYPE', { path: 'file' })
  return writeArchive(entries.map(checkEntry))
}

function checkEntry(entry: ArchiveEntry): ArchiveEntry {
  if (/\.rels$/i.test(entry.name)) {
    const source = xmlOf(entry)
    const cleaned = cleanRelationships(source)
    return cleaned === source ? entry : packEntry(entry.name, Buffer.from(cleaned))
  }
  if (/^word\/[^/]+\.xml$/i.test(entry.name)) {
    const source = xmlOf(entry)
    // Word cuts instructions into runs: they are read together.
    const instructions = Array.from(
      source.matchAll(/<w:instrText\b[^>]*>([^<]*)|<w:fldSimple\s[^>]*w:instr\s*=\s*["']([^"']*)/g),
      ([, run = '', simple = '']) => (simple === '' ? run : ` ${simple} `),
    ).join('')
    const fetching = fetchingFields.exec(instructions)
    if (fetching !== null) throw linked(fetching[0])
    if (/<w:altChunk\b/.test(source)) throw linked('altChunk')
  } else if (/\.svg$/i.test(entry.name) && /(?:href|src)\s*=\s*["'](?!#|data:)/i.test(xmlOf(entry))) throw linked(entry.name)
  // Unpacked once, so that an entry that lies about its size never reaches the converter.
  else unpack(entry)
  return entry
}

/** Relationships without the attached template; links to click stay, they are words on paper. */
function cleanRelationships(source: string): string {
  // No more than one tag: the next bracket ends the search.
  return source.replace(/<Relationship\s[^<>]*>/g, (tag) => {
    const type = /\bType\s*=\s*["']([^"']*)["']/.exec(tag)?.[1] ?? ''
    if (/\/(?:aFChunk|frame|subDocument)$/.test(type)) throw linked(type)
    if (!/\bTargetMode\s*=\s*["']External["']/i.test(tag)) return tag
    if (type.endsWith('/hyperlink')) return tag
    if (type.endsWith('/attachedTemplate')) return ''
    throw linked(/\bTarget\s*=\s*["']([^"']*)["']/.exec(tag)?.[1] ?? type)
  })
}

function linked(what: string): Fault {
  return new Fault('SIGNATURES-DOCX-LINKED', { path: 'file', params: { what: what.replace(/[<>]/g, ' ').trim().slice(0, 120) } })
}

/** XML of a part as text. Word writes UTF-8; a part that hides its words in another encoding, or declares entities, is refused. */
function xmlOf(entry: ArchiveEntry): string {
  const bytes = unpack(entry)
  const text = bytes.toString('utf8')
  if (
    bytes[0] === 0xff ||
    bytes[0] === 0xfe ||
    text.includes('\0') ||
    /<!(?:DOCTYPE|ENTITY)/i.test(text) ||
    /encoding\s*=\s*["'](?!utf-8)/i.test(text.slice(0, 200))
  )
    throw new Fault('SIGNATURES-DOCX-DAMAGED', { path: 'file' })
  return text
}
