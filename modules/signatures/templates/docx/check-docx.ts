import { Fault } from '../../../../core/i18n/fault.js'
import { decodeXml } from '../../../../core/xml/read-xml.js'
import { readTree } from '../../../../core/xml/read-tree.js'
import { treeElements, type TreeElement } from '../../../../core/xml/tree.js'
import { packEntry, readArchive, unpack, writeArchive, type ArchiveEntry } from './archive.js'

/** Compound File Binary: an old .doc, or a .docx that is encrypted (MS-OFFCRYPTO 2.3.4.4). */
const compoundFile = Buffer.from('d0cf11e0a1b11ae1', 'hex')
const mainDocument = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'

/** Fields that fetch something from elsewhere when the document is opened (ECMA-376-1 17.16.5). */
const fetchingFields = /\b(?:INCLUDEPICTURE|INCLUDETEXT|DDEAUTO|DDE|LINK|IMPORT|RD)\b/

/** Deeper than tables in text boxes in tables are nested. */
const treeLimits = { maxDepth: 256, maxNodes: 1_000_000 }

/**
 * A DOCX as it may be converted: nothing in it runs or is fetched from elsewhere. Its parts are read as XML, as the converter reads
 * them, so that no other prefix, quote or reference hides a word. The link to the author's Word template, which most documents carry
 * and which says nothing about their text, is taken out; whatever else would be missing on paper is refused. It reads hostile files:
 * `convertDocx` calls it in a thread with limits.
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
  const list = entries.find(({ name }) => name === '[Content_Types].xml')
  if (list === undefined) throw new Fault('SIGNATURES-UPLOAD-TYPE', { path: 'file' })
  const types = treeElements(readPart(unpack(list)).root).map((element) => ({
    part: valueOf(element, 'PartName'),
    type: valueOf(element, 'ContentType'),
  }))
  if (
    types.some(({ type }) => /macroEnabled|vbaProject/i.test(type)) ||
    entries.some(({ name }) => /vbaProject|vbaData|activeX\//i.test(name))
  )
    throw macros()
  if (!types.some(({ type }) => type === mainDocument)) throw new Fault('SIGNATURES-UPLOAD-TYPE', { path: 'file' })
  const ofWord = new Set(types.filter(({ type }) => type.includes('wordprocessingml')).map(({ part }) => part.toLowerCase()))
  return writeArchive(entries.map((entry) => checkEntry(entry, ofWord.has(`/${entry.name.toLowerCase()}`))))
}

function checkEntry(entry: ArchiveEntry, ofWord: boolean): ArchiveEntry {
  // Unpacked whatever it is, so that an entry that lies about its size never reaches the converter.
  const bytes = unpack(entry)
  // Data of other programs, in any encoding, which is no text of the document.
  const isForeign = /^customXml\/[^/]+\.xml$/i.test(entry.name) && !ofWord
  if (isForeign || !(ofWord || /\.(?:xml|rels|svg)$/i.test(entry.name) || looksLikeXml(bytes))) return entry
  const { source, root } = readPart(bytes)
  const elements = treeElements(root)
  // Word cuts instructions into runs: they are read together.
  const instructions = elements.map(instructionOf).join('')
  const fetching = fetchingFields.exec(instructions)
  if (fetching !== null) throw linked(fetching[0])
  if (elements.some(({ local }) => local === 'altChunk')) throw linked('altChunk')
  if (/\.svg$/i.test(entry.name) || root.local === 'svg') checkPicture(elements, entry.name)
  const without = elements.filter((element) => element.local === 'Relationship' && isTemplateLink(element))
  if (without.length === 0) return entry
  let cleaned = ''
  let from = 0
  for (const { start, end } of without) {
    cleaned += source.slice(from, start)
    from = end
  }
  return packEntry(entry.name, Buffer.from(cleaned + source.slice(from)))
}

function instructionOf(element: TreeElement): string {
  if (element.local === 'instrText' || element.local === 'delInstrText')
    return element.children.map((child) => (child.kind === 'text' ? child.text : '')).join('')
  return element.local === 'fldSimple' ? ` ${valueOf(element, 'instr')} ` : ''
}

/** @returns true for the template of the author, which is taken out. @throws Fault SIGNATURES-DOCX-LINKED, SIGNATURES-DOCX-MACROS */
function isTemplateLink(element: TreeElement): boolean {
  const type = valueOf(element, 'Type')
  if (/\/(?:aFChunk|frame|subDocument)$/.test(type)) throw linked(type)
  if (type.endsWith('/vbaProject')) throw macros()
  if (valueOf(element, 'TargetMode').trim().toLowerCase() !== 'external' || type.endsWith('/hyperlink')) return false
  if (type.endsWith('/attachedTemplate')) return true
  throw linked(valueOf(element, 'Target') || type)
}

/** A drawing shows nothing but itself. @throws Fault SIGNATURES-DOCX-LINKED */
function checkPicture(elements: readonly TreeElement[], name: string): void {
  for (const { attributes, children } of elements) {
    if (attributes.some(({ local, value }) => /^(?:href|src)$/i.test(local) && !/^\s*(?:#|data:|$)/i.test(value))) throw linked(name)
    const texts = [...attributes.map(({ value }) => value), ...children.map((child) => (child.kind === 'text' ? child.text : ''))]
    if (texts.some((text) => /@import|url\(\s?["']?(?!#|data:)/i.test(text))) throw linked(name)
  }
}

function valueOf(element: TreeElement, name: string): string {
  return element.attributes.find(({ local }) => local === name)?.value ?? ''
}

/** Whatever its name: XML begins with a bracket, in any encoding of Unicode. */
function looksLikeXml(bytes: Buffer): boolean {
  return /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]{0,100}</.test(bytes.toString('latin1', 0, 120))
}

/** A part as XML. Word writes UTF-8; one that hides its words in another encoding, or declares entities, is refused. */
function readPart(bytes: Buffer): ReturnType<typeof readTree> {
  try {
    return readTree(decodeXml(bytes), treeLimits)
  } catch (error) {
    if (error instanceof Fault) throw new Fault('SIGNATURES-DOCX-DAMAGED', { path: 'file', cause: error })
    throw error
  }
}

function linked(what: string): Fault {
  return new Fault('SIGNATURES-DOCX-LINKED', { path: 'file', params: { what: what.replace(/[<>]/g, ' ').trim().slice(0, 120) } })
}

function macros(): Fault {
  return new Fault('SIGNATURES-DOCX-MACROS', { path: 'file' })
}
