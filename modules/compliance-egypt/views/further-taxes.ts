import type { ModuleSetup } from '../../../core/host/module.js'
import type { FieldDefinition, FormView, RecordValues } from '../../../core/views/view.js'

const fixed = (record: RecordValues): boolean => record['state'] !== undefined && record['state'] !== 'draft'

/** Of the whole document: the discount off it, and whether it is one of export. */
const documentFields: readonly FieldDefinition[] = [
  {
    name: 'discount',
    label: 'compliance-egypt.field.extra-discount',
    type: 'decimal',
    help: 'compliance-egypt.help.extra-discount',
    readonly: fixed,
    recompute: true,
  },
  {
    name: 'country.export',
    label: 'compliance-egypt.field.export',
    type: 'checkbox',
    help: 'compliance-egypt.help.export',
    readonly: fixed,
    recompute: true,
  },
  {
    name: 'country.correctionOf',
    label: 'compliance-egypt.field.correction-of',
    type: 'code',
    readonly: true,
    visible: (record) => Boolean(record['country.correctionOf']),
  },
]

/**
 * The lines of an invoice in Egypt: further taxes beside value added tax, and the code of the goods, which the authority asks of every
 * line. Only companies of this country see them.
 */
export function offerFurtherTaxes({ views }: ModuleSetup): void {
  const columnsOf = (columns: readonly FieldDefinition[]): readonly FieldDefinition[] =>
    columns.flatMap((column): FieldDefinition[] => {
      if (column.name === 'description') {
        return [
          column,
          { name: 'itemCode', label: 'compliance-egypt.field.item-code', type: 'code', help: 'compliance-egypt.help.item-code' },
        ]
      }
      if (column.name !== 'tax') return [column]
      const further: FieldDefinition = {
        name: 'furtherTaxes',
        label: 'invoicing.field.further-taxes',
        type: 'code',
        help: 'compliance-egypt.help.further-taxes',
        relation: { model: 'invoicing.tax', domain: () => ({ active: true, main: false }) },
        recompute: true,
      }
      const fact = (name: string): FieldDefinition => ({
        name: `country.${name}`,
        label: `compliance-egypt.field.${name}`,
        type: 'decimal',
        rare: true,
        recompute: true,
      })
      return [column, fact('taxRate'), further, fact('itemsDiscount'), fact('valueDifference')]
    })
  views.extend<FormView>('invoicing.invoice.form', (view) => ({
    ...view,
    totals: (view.totals ?? []).flatMap((total) =>
      total.field === 'tax' ? [total, { field: 'taxGroups', label: 'compliance-egypt.field.tax-groups', text: true }] : [total],
    ),
    tabs: (view.tabs ?? []).map((tab) =>
      tab.groups === undefined
        ? tab
        : tab.name === 'other'
          ? { ...tab, groups: [...tab.groups, { fields: documentFields }] }
          : {
              ...tab,
              groups: tab.groups.map((group) => ({
                ...group,
                fields: group.fields.map((field) =>
                  field.name === 'lines' && field.columns !== undefined ? { ...field, columns: columnsOf(field.columns) } : field,
                ),
              })),
            },
    ),
  }))
}
