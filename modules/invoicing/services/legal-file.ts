import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { documentOf } from './read-invoices.js'

export interface LegalFile {
  readonly bytes: Buffer
  readonly mediaType: string
  readonly name: string
}

/** The file the law knows an invoice by, as its country attaches it to the print; null where there is none (yet). */
export async function legalFileOf(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  invoiceId: string,
): Promise<LegalFile | null> {
  const document = await documentOf(transaction, invoiceId)
  const print = await host.hooks.waterfall(
    'invoice.print',
    { qr: null, legalNotes: [], attachments: [], title: null, sealSvg: null },
    document,
    { context, transaction },
  )
  const [first] = print.attachments
  return first === undefined ? null : { bytes: Buffer.from(first.bytes), mediaType: first.mediaType, name: first.name }
}
