import type { ModuleSetup } from '../../../core/host/module.js'
import type { FieldDefinition, FormView } from '../../../core/views/view.js'

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
        recompute: true,
      }
      return [column, further]
    })
  views.extend<FormView>('invoicing.invoice.form', (view) => ({
    ...view,
    tabs: (view.tabs ?? []).map((tab) =>
      tab.groups === undefined
        ? tab
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
