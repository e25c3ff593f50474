import type { LocalizedText } from '../../core/i18n/locale.js'
import type { InvoiceDocument } from '../invoicing/index.js'

const titles: Readonly<Record<'standard' | 'simplified', Readonly<Record<InvoiceDocument['type'], LocalizedText>>>> = {
  standard: {
    invoice: { ar: 'فاتورة ضريبية', en: 'Tax invoice', bg: 'Данъчна фактура' },
    credit_note: { ar: 'إشعار دائن للفاتورة الضريبية', en: 'Tax credit note', bg: 'Данъчно кредитно известие' },
    debit_note: { ar: 'إشعار مدين للفاتورة الضريبية', en: 'Tax debit note', bg: 'Данъчно дебитно известие' },
  },
  simplified: {
    invoice: { ar: 'فاتورة ضريبية مبسطة', en: 'Simplified tax invoice', bg: 'Опростена данъчна фактура' },
    credit_note: { ar: 'إشعار دائن للفاتورة الضريبية المبسطة', en: 'Simplified tax credit note', bg: 'Опростено кредитно известие' },
    debit_note: { ar: 'إشعار مدين للفاتورة الضريبية المبسطة', en: 'Simplified tax debit note', bg: 'Опростено дебитно известие' },
  },
}

export function documentTitle(invoice: InvoiceDocument): LocalizedText {
  return titles[invoice.simplified ? 'simplified' : 'standard'][invoice.type]
}

/** Why tax was not charged, once per reason; and the reason of a note. VAT Implementing Regulations, articles 53 and 54. */
export function legalNotes(invoice: InvoiceDocument): LocalizedText[] {
  const notes = new Map<string, LocalizedText>()
  for (const { tax } of invoice.taxes) {
    const reason = tax.exemptionReason
    if (reason === undefined) continue
    const code = tax.exemptionCode ?? tax.code
    notes.set(code, { ar: `${reason.ar} (${code})`, en: `${reason.en} (${code})`, bg: `${reason.bg} (${code})` })
  }
  const list = [...notes.values()]
  if (invoice.type !== 'invoice' && invoice.reason !== null) {
    list.push({ ar: `سبب الإصدار: ${invoice.reason}`, en: `Reason for issue: ${invoice.reason}`, bg: `Основание: ${invoice.reason}` })
  }
  return list
}
