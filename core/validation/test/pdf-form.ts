import { PDFDocument, StandardFonts, type PDFForm } from 'pdf-lib'
import { build, streamBody } from './pdf-forgery.js'

/**
 * A contract with two text fields, a box to tick and three signature fields that stand ready, the second of which locks
 * the field `price` when it is signed. Fields of text have no picture yet.
 */
export function contractForm(): Buffer {
  const widget = (rect: string, rest: string): string => `<</Type /Annot /Subtype /Widget /F 4 /P 3 0 R /Rect [${rect}] ${rest}>>`
  return build({
    1: '<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [6 0 R 7 0 R 8 0 R 9 0 R 10 0 R 11 0 R] /DA (/Helv 12 Tf 0 g) /DR <</Font <</Helv 5 0 R>>>>>>>>',
    2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
    3: '<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>> /Annots [6 0 R 7 0 R 8 0 R 9 0 R 10 0 R 11 0 R]>>',
    4: streamBody('BT /F1 20 Tf 50 250 Td (Contract: total 100) Tj ET'),
    5: '<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>',
    6: widget('50 200 200 220', '/FT /Tx /T (name) /DA (/Helv 12 Tf 0 g)'),
    7: widget('50 170 200 190', '/FT /Tx /T (price) /DA (/Helv 12 Tf 0 g)'),
    8: widget('220 200 235 215', '/FT /Btn /T (agreed) /V /Off /AS /Off /DA (/Helv 12 Tf 0 g) /AP <</N <</Yes 12 0 R /Off 13 0 R>>>>'),
    9: widget('20 20 120 60', '/FT /Sig /T (seller)'),
    10: widget('140 20 240 60', '/FT /Sig /T (buyer) /Lock <</Type /SigFieldLock /Action /Include /Fields [(price)]>>'),
    11: widget('260 20 360 60', '/FT /Sig /T (witness)'),
    12: streamBody('0 0 15 15 re f', '/Type /XObject /Subtype /Form /BBox [0 0 15 15] '),
    13: streamBody('', '/Type /XObject /Subtype /Form /BBox [0 0 15 15] '),
  })
}

/** Fills fields as another program does: pdf-lib, by an incremental save. */
export async function filledByPdfLib(pdf: Buffer, fill: (form: PDFForm) => void, useObjectStreams = false): Promise<Buffer> {
  const document = await PDFDocument.load(pdf, { forIncrementalUpdate: true, updateMetadata: false })
  fill(document.getForm())
  const font = await document.embedFont(StandardFonts.Helvetica)
  document.getForm().updateFieldAppearances(font)
  return Buffer.from(await document.commit({ useObjectStreams }))
}

/** The same contract with its objects in object streams, as pdf-lib writes whole files. */
export async function compressedForm(): Promise<Buffer> {
  return Buffer.from(await (await PDFDocument.load(contractForm())).save({ useObjectStreams: true }))
}
