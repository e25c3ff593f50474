import type { ModuleSetup } from '../../../core/host/module.js'
import type { FormView } from '../../../core/views/view.js'
import { loadTimeline } from '../services/timeline.js'

/** The e-document's timeline on the invoice form. */
export function addInvoicePanel({ host, views }: ModuleSetup): void {
  views.extend<FormView>('invoicing.invoice.form', (view) => ({
    ...view,
    panels: [
      ...(view.panels ?? []),
      {
        name: 'compliance',
        label: 'compliance.panel',
        template: 'compliance/timeline',
        load: (record, transaction, context) =>
          typeof record.id === 'string' ? loadTimeline(host, transaction, context, record.id) : Promise.resolve(null),
      },
    ],
  }))
}
