import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { isMailAddress, partiesOf } from '../../contacts/index.js'
import type { InvoiceDocument } from '../document.js'
import { legalFileOf } from './legal-file.js'
import { printStateOf } from './print.js'
import { documentOf, summaryOf } from './read-invoices.js'

/** A mail as it stands in the compose dialog. */
export interface InvoiceMail {
  readonly to: string
  readonly subject: string
  readonly body: string
}

/** What the dialog proposes: the customer's address, texts in the customer's language, else the company's. */
export async function composeMail(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  invoiceId: string,
): Promise<InvoiceMail> {
  const document = await documentOf(transaction, invoiceId)
  const { contactId } = await summaryOf(transaction, invoiceId)
  const contact = contactId === null ? undefined : (await partiesOf(transaction, [contactId])).get(contactId)
  const company = await host.access.company(context.companyId)
  const locale = contact?.locale ?? company.locale
  return { to: document.customer?.email ?? contact?.email ?? '', ...mailText(host, locale, document) }
}

function mailText(host: Host, locale: Locale, document: InvoiceDocument): Pick<InvoiceMail, 'subject' | 'body'> {
  const arabic = locale === 'ar'
  const seller = arabic ? (document.seller.nameAr ?? document.seller.name) : document.seller.name
  const customer = arabic ? (document.customer?.nameAr ?? document.customer?.name) : document.customer?.name
  const params = {
    number: document.number,
    seller,
    customer: customer ?? '',
    total: document.totals.payable,
    currency: document.currency,
    due: document.dueDate,
  }
  return {
    subject: host.i18n.text(locale, `invoicing.mail.subject.${document.type}`, params),
    body: host.i18n.text(locale, `invoicing.mail.body.${document.type}`, params),
  }
}

/**
 * Queues the mail with the PDF and, where there is one, the legal file. Delivery is a job; its state stands on the invoice.
 * @throws Fault INVOICE-NOT-POSTED, INVOICE-MAIL-NO-ADDRESS, INVOICE-MAIL-ADDRESS, INVOICE-PRINT-PENDING
 */
export async function sendInvoice(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  invoiceId: string,
  mail: InvoiceMail,
): Promise<string> {
  const summary = await summaryOf(transaction, invoiceId)
  if (summary.state !== 'posted' || summary.number === null) throw new Fault('INVOICE-NOT-POSTED', { status: 409 })
  const recipients = mail.to
    .split(/[,;]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
  if (recipients.length === 0) throw new Fault('INVOICE-MAIL-NO-ADDRESS', { path: 'to', params: { customer: summary.customerName ?? '' } })
  const wrong = recipients.find((one) => !isMailAddress(one))
  if (wrong !== undefined) throw new Fault('INVOICE-MAIL-ADDRESS', { path: 'to', params: { value: wrong } })
  const print = await printStateOf(transaction, invoiceId)
  if (print.state !== 'ready' || print.sha256 === null) {
    throw new Fault(print.fault?.code ?? 'INVOICE-PRINT-PENDING', { status: 409, params: print.fault?.params ?? {} })
  }
  const legal = await legalFileOf(host, context, transaction, invoiceId)
  const name = fileName(summary.number)
  const attachments = [{ name: `${name}.pdf`, sha256: print.sha256 }]
  if (legal !== null) {
    const stored = await host.files.put(transaction, legal.bytes, legal.mediaType)
    attachments.push({ name: legal.name, sha256: stored.sha256 })
  }
  const id = await host.mail.queue(transaction, context, {
    to: recipients,
    subject: mail.subject,
    text: mail.body,
    attachments,
    subjectRecord: { type: 'invoicing.invoice', id: invoiceId },
  })
  host.audit.record(transaction, context, {
    action: 'invoice.sent',
    subject: { type: 'invoicing.invoice', id: invoiceId, label: summary.number },
    facts: { to: recipients.join(', ') },
  })
  return id
}

/** A document number as a file name: `INV-2026-00012`. */
export function fileName(number: string): string {
  return (
    number
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^-/, '')
      .replace(/-$/, '') || 'invoice'
  )
}
