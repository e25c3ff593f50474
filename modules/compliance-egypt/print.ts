import type { CompanyTransaction } from '../../core/db/database.js'
import type { HookCall } from '../../core/hooks/hook-map.js'
import type { Host } from '../../core/host/module.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { InvoiceDocument, InvoicePrint, PrintStamp } from '../invoicing/index.js'
import { submissionOf, type EtaSubmission } from './authority/submission-rows.js'
import { taxGroups } from './taxes/tax-groups.js'
import { signatureRows, type KeyEvidence } from './signing/signature-rows.js'

type Titles = Readonly<Record<InvoiceDocument['type'], LocalizedText>>

const documents: Titles = {
  invoice: { ar: 'فاتورة ضريبية إلكترونية', en: 'Electronic tax invoice', bg: 'Електронна данъчна фактура' },
  credit_note: { ar: 'إشعار دائن إلكتروني', en: 'Electronic credit note', bg: 'Електронно кредитно известие' },
  debit_note: { ar: 'إشعار مدين إلكتروني', en: 'Electronic debit note', bg: 'Електронно дебитно известие' },
}
const exports: Titles = {
  invoice: { ar: 'فاتورة تصدير إلكترونية', en: 'Electronic export invoice', bg: 'Електронна фактура за износ' },
  credit_note: { ar: 'إشعار دائن تصدير إلكتروني', en: 'Electronic export credit note', bg: 'Електронно кредитно известие за износ' },
  debit_note: { ar: 'إشعار مدين تصدير إلكتروني', en: 'Electronic export debit note', bg: 'Електронно дебитно известие за износ' },
}
const receipts: Titles = {
  invoice: { ar: 'إيصال إلكتروني', en: 'Electronic receipt', bg: 'Електронен касов бон' },
  credit_note: { ar: 'إيصال إلكتروني مرتجع', en: 'Electronic return receipt', bg: 'Електронен бон за връщане' },
  debit_note: { ar: 'إيصال إلكتروني', en: 'Electronic receipt', bg: 'Електронен касов бон' },
}

export function documentTitle(invoice: InvoiceDocument): LocalizedText {
  if (invoice.simplified) return receipts[invoice.type]
  return (invoice.country?.['export'] === 'yes' ? exports : documents)[invoice.type]
}

/** Part of `invoice.print`: taxes by kind, who signed with which certificate, and where the authority has the document. */
export async function addToPrint(host: Host, print: InvoicePrint, invoice: InvoiceDocument, call: HookCall): Promise<InvoicePrint> {
  const company = await host.access.company(call.context.companyId)
  if (company.country !== 'EG') return print
  const read = async (transaction: CompanyTransaction): Promise<InvoicePrint> => {
    const grouped = { ...print, taxGroups: taxGroups(invoice) }
    if (invoice.simplified || invoice.number === '') return grouped
    const signature = (await signatureRows(transaction, [invoice.id])).get(invoice.id)
    const submission = await submissionOf(transaction, invoice.id)
    const evidence = signature?.state === 'signed' ? signature.evidence : null
    const name = submission?.documentUuid ?? null
    return {
      ...grouped,
      ...(name === null || print.qr === null ? {} : { qrCaption: name }),
      stamps: [
        ...(print.stamps ?? []),
        ...(evidence === null || signature === undefined ? [] : signatureStamps(evidence, signature.signedAt)),
        ...(submission === undefined || name === null ? [] : authorityStamps(submission, print.qr)),
      ],
      legalNotes: evidence?.provider === 'software' ? [...print.legalNotes, outsideArticle10] : print.legalNotes,
    }
  }
  return call.transaction === undefined ? host.db.company(company.id, read) : read(call.transaction)
}

/** Executive Regulations 109/2005. */
const outsideArticle10: LocalizedText = {
  ar: 'وُقِّع بمفتاح برمجي خارج نطاق المادتين 1 (12) و10 من اللائحة التنفيذية 109 لسنة 2005: لا يقوم مقام بطاقة ذكية في حيازة الموقِّع وحده.',
  en: 'Signed with a software key, outside Articles 1(12) and 10 of the Executive Regulations 109/2005: it is not a smart card in the sole hands of the signer.',
  bg: 'Подписано със софтуерен ключ, извън чл. 1(12) и чл. 10 от Изпълнителния правилник 109/2005: той не е смарт карта единствено в ръцете на подписващия.',
}

function signatureStamps({ certificate }: KeyEvidence, signedAt: Date): PrintStamp[] {
  const stamp = (label: LocalizedText, value: string, code = true): PrintStamp => ({ label, value, code })
  return [
    stamp({ ar: 'وقّعه إلكترونيًا', en: 'Signed electronically by', bg: 'Подписано електронно от' }, commonName(certificate.subject), false),
    stamp(
      { ar: 'الشهادة', en: 'Certificate', bg: 'Удостоверение' },
      `${certificate.sha256.slice(0, 16)} · ${commonName(certificate.issuer)} · ${certificate.notAfter.slice(0, 10)}`,
    ),
    stamp({ ar: 'وقت التوقيع', en: 'Time of signing', bg: 'Време на подписване' }, utc(signedAt)),
  ]
}

function authorityStamps({ documentUuid, receivedAt, sentAt }: EtaSubmission, link: string | null): PrintStamp[] {
  return [
    {
      label: { ar: 'رقم المستند لدى المصلحة', en: 'Number at the authority', bg: 'Номер при администрацията' },
      value: documentUuid ?? '',
      code: true,
    },
    { label: { ar: 'وقت التقديم', en: 'Submitted', bg: 'Подадено' }, value: utc(receivedAt ?? sentAt), code: true },
    ...(link === null ? [] : [{ label: { ar: 'صفحته على البوابة', en: 'On the portal', bg: 'В портала' }, value: link, code: true }]),
  ]
}

/** The name in a distinguished name; all of it where there is none. */
function commonName(subject: string): string {
  const found = /(?:^|,\s*)CN=((?:\\.|[^,\\])+)/.exec(subject)?.[1]
  return (found ?? subject).replace(/\\(.)/g, '$1')
}

function utc(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
