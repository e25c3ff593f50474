import type { EtaDocument } from './register.js'

/** A one-page PDF of a document: enough to be a printout that a reader opens. Latin text alone (standard font). */
export function printoutOf(document: EtaDocument, status: string, link: string): Buffer {
  const lines = [
    'Sandbox of the Egyptian authority - no tax document',
    `Document ${document.uuid}`,
    `Number ${document.internalId}   Type ${document.type}   Status ${status}`,
    `Issuer ${document.issuer}   Receiver ${document.receiver}`,
    `Issued ${document.issuedAt}   Total ${document.total} EGP`,
    link,
  ]
  const shown = lines
    .map((line, index) => `BT /F1 ${index === 0 ? 14 : 10} Tf 50 ${780 - index * 22} Td (${escaped(line)}) Tj ET`)
    .join('\n')
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${Buffer.byteLength(shown, 'latin1')} >>\nstream\n${shown}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let text = '%PDF-1.4\n'
  const places = objects.map((object, index) => {
    const place = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return place
  })
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')
  const end = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`
  return Buffer.from(text + end, 'latin1')
}

function escaped(line: string): string {
  return line.replace(/[^\u0020-\u007e]/g, '?').replace(/[\\()]/g, '\\$&')
}
