import { PdfDocument } from './document.js'
import { isDictionary, PdfStream, PdfString, type PdfDictionary, type PdfValue } from './objects.js'
import { textOf } from './text-string.js'

const maximumFiles = 200
const maximumBytes = 64 * 1024 * 1024

/**
 * Files that a PDF carries in its name tree (ISO 32000-2 7.11.4), by name. A name that comes twice is left out: two readers would show
 * two files.
 * @throws MalformedPdf
 */
export function embeddedFiles(pdf: Buffer): ReadonlyMap<string, Buffer> {
  const document = PdfDocument.open(pdf)
  const found = new Map<string, Buffer>()
  const twice = new Set<string>()
  const seen = new Set<PdfDictionary>()
  const walk = (value: PdfValue | undefined, depth: number): void => {
    const node = document.dictionary(value)
    if (node === undefined || seen.has(node) || depth > 20 || seen.size > maximumFiles) return
    seen.add(node)
    const names = document.array(node.get('Names')) ?? []
    for (let index = 1; index < names.length && found.size < maximumFiles; index += 2) {
      const file = fileOf(document, document.dictionary(names[index]))
      if (file === undefined) continue
      if (found.has(file.name)) twice.add(file.name)
      found.set(file.name, file.bytes)
    }
    for (const kid of document.array(node.get('Kids')) ?? []) walk(kid, depth + 1)
  }
  walk(document.dictionary(document.catalog.get('Names'))?.get('EmbeddedFiles'), 0)
  for (const name of twice) found.delete(name)
  return found
}

function fileOf(document: PdfDocument, specification: PdfDictionary | undefined): { name: string; bytes: Buffer } | undefined {
  if (specification === undefined) return undefined
  const text = document.resolve(specification.get('UF')) ?? document.resolve(specification.get('F'))
  const streams = document.resolve(specification.get('EF'))
  if (!(text instanceof PdfString) || !isDictionary(streams)) return undefined
  const stream = document.resolve(streams.get('UF') ?? streams.get('F'))
  return stream instanceof PdfStream ? { name: textOf(text).replace(/^\//, ''), bytes: document.decode(stream, maximumBytes) } : undefined
}
