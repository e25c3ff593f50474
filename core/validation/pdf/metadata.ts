import type { PdfDocument } from './document.js'
import { PdfStream, type PdfValue } from './objects.js'

/** Properties a writer may bring up to date in a save: when, with what program, and which copy this is. */
const volatile = ['xmp:ModifyDate', 'xmp:MetadataDate', 'pdf:Producer', 'xmpMM:InstanceID', 'xmpMM:DocumentID'] as const

/** What readers show of a document, and by what programs know its kind: nothing that comes with a packet where none was. */
const telling = /\b(?:dc:(?:title|creator|description)|pdf:Keywords|pdfaid:|pdfuaid:|\w+:ConformanceLevel|\w+:DocumentFileName)/

/**
 * Whether two XMP packets say the same but for the marks of saving. Title and author are shown by readers, and the
 * conformance entries tell programs which attachment is the invoice: those are no writer's to change.
 */
export function sameMetadata(before: PdfDocument, old: PdfValue, after: PdfDocument, now: PdfValue): boolean {
  if (!(now instanceof PdfStream)) return false
  if (!(old instanceof PdfStream)) return old === null && !telling.test(after.decode(now).toString('utf8'))
  return lasting(before.decode(old)) === lasting(after.decode(now))
}

function lasting(packet: Buffer): string {
  let text = packet.toString('utf8')
  for (const property of volatile) {
    // An attribute stands within a tag: the same letters in a text are a title that says so.
    const attribute = new RegExp(`\\s${property}="[^"<>]*"`, 'g')
    text = text.replace(new RegExp(`<${property}>[^<]*</${property}>`, 'g'), '').replace(/<[^<>]*>/g, (tag) => tag.replace(attribute, ''))
  }
  return text.replace(/\s+/g, ' ').trim()
}
