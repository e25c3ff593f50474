import type { FieldDefinition } from '../../../core/views/view.js'

const field = (name: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  label: `invoicing.setting.${name}`,
  type,
  ...more,
})

/** The settings page of invoicing; names are keys of `invoicingSettings`. */
export const settingsFields: readonly FieldDefinition[] = [
  field('invoiceNumber', 'code', { help: 'invoicing.setting.pattern-help' }),
  field('creditNoteNumber', 'code'),
  field('debitNoteNumber', 'code'),
  field('paymentNumber', 'code'),
  field('defaultTerm', 'code', { help: 'invoicing.setting.term-help' }),
  field('defaultTax', 'code', { help: 'invoicing.setting.tax-help' }),
  field('overpayment', 'select', {
    options: [
      { value: 'refuse', label: 'invoicing.setting.overpayment.refuse' },
      { value: 'credit', label: 'invoicing.setting.overpayment.credit' },
    ],
  }),
  field('secondLanguage', 'select', {
    options: [
      { value: 'en', label: 'English' },
      { value: 'bg', label: 'Български' },
      { value: 'none', label: 'invoicing.setting.secondLanguage.none' },
    ],
  }),
  field('simplifiedPaper', 'select', {
    options: (['usual', 'slip', 'a4'] as const).map((value) => ({ value, label: `invoicing.setting.simplifiedPaper.${value}` })),
  }),
  field('bankAccount', 'code'),
  field('notes', 'multiline'),
]
