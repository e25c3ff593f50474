import type { LocalizedText } from '../../core/i18n/locale.js'
import type { InvoiceDocument } from '../invoicing/index.js'

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

/** Why value added tax was not charged, once per reason, and the reason of a note. Which key signed is no matter of the paper. */
export function legalNotes(invoice: InvoiceDocument): LocalizedText[] {
  const notes = new Map<string, LocalizedText>()
  for (const { tax } of invoice.taxes) {
    const reason = tax.exemptionReason
    if (reason === undefined) continue
    const code = tax.exemptionCode ?? tax.code
    notes.set(code, { ar: `${reason.ar} (${code})`, en: `${reason.en} (${code})`, bg: `${reason.bg} (${code})` })
  }
  return [...notes.values()]
}
