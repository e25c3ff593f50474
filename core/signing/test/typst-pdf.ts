import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler'
import { PdfStandard } from '@myriaddreamin/typst-ts-node-compiler'

/** A PDF as the product's own renderer makes them. */
export function typstPdf(source: string, standard: 'a-3b' | '1.7' = 'a-3b'): Buffer {
  const compiler = NodeCompiler.create()
  const options =
    standard === 'a-3b' ? { pdfStandard: PdfStandard.A_3b, creationTimestamp: 1_790_000_000 } : { creationTimestamp: 1_790_000_000 }
  return Buffer.from(compiler.pdf({ mainFileContent: source }, options))
}

export const pageSource =
  '#set page(width: 400pt, height: 300pt)\n#set document(title: "Invoice", date: datetime(year: 2026, month: 11, day: 22))\n= Invoice 123\nTotal 1,150.00 SAR'
export const stampSource =
  '#set page(width: 140pt, height: 60pt, margin: 4pt, fill: none)\n#rect(width: 100%, height: 100%, stroke: 1.5pt + rgb("#0a5"), radius: 4pt)[#text(fill: rgb("#0a5"), size: 12pt)[*SEALED* \\ Khatm]]'
