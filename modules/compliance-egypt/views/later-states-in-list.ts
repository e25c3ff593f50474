import type { ModuleSetup } from '../../../core/host/module.js'
import type { ListView } from '../../../core/views/view.js'
import { documentStateSql, eDocumentColumn } from '../../compliance/index.js'
import { laterStates, stateColours } from '../authority/later-states.js'

const status = `(select filed.status from compliance_egypt_submission as filed
  where filed.company_id = invoicing_invoice.company_id and filed.invoice_id = invoicing_invoice.id)`

/** Invoices that were valid and are so no more (cancelled on the portal, rejected by the buyer) say it in the list, and can be listed alone. */
export function laterStatesInList({ views }: ModuleSetup): void {
  const later = laterStates.map((value) => ({ value, label: `compliance-egypt.state.${value}`, color: stateColours[value] }))
  const known = laterStates.map((value) => `'${value}'`).join(', ')
  views.extend<ListView>('invoicing.invoice.list', (view) => ({
    ...view,
    columns: view.columns.map((column) =>
      column.name === eDocumentColumn
        ? {
            ...column,
            options: [...(column.options ?? []), ...later],
            sql: `coalesce((case when ${status} in (${known}) then ${status} end), ${documentStateSql})`,
          }
        : column,
    ),
    filters: [
      ...(view.filters ?? []),
      {
        name: 'undone-at-authority',
        label: 'compliance-egypt.filter.undone',
        where: (query) => void query.whereRaw(`${status} in (${known})`),
      },
    ],
  }))
}
