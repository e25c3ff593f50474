import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { deskProgress } from '../../../core/signing/keys/agent/document-standings.js'
import type { Filter, ListColumn, ListNotice, ListView } from '../../../core/views/view.js'
import { countUnsigned } from '../models/document-rows.js'
import { documentColors } from '../services/timeline.js'

const list = '/app/invoicing/invoice'
const document = `select 1 from compliance_document as document
  where document.company_id = invoicing_invoice.company_id and document.invoice_id = invoicing_invoice.id`

/** Name of the column that tells the state of an invoice's e-document. */
export const eDocumentColumn = 'e_document'

/** That state as SQL over `invoicing_invoice`. */
export const documentStateSql = `(select document.state from compliance_document as document
  where document.company_id = invoicing_invoice.company_id and document.invoice_id = invoicing_invoice.id)`

const filters: readonly Filter[] = [
  {
    name: 'unsigned',
    label: 'compliance.filter.unsigned',
    where: (query) => void query.whereRaw(`exists (${document} and document.state = 'prepared')`),
  },
  {
    name: 'signature-refused',
    label: 'compliance.filter.signature-refused',
    where: (query) => void query.whereRaw(`exists (${document} and document.state = 'prepared' and document.held)`),
  },
  {
    name: 'unanswered',
    label: 'compliance.filter.unanswered',
    where: (query) => void query.whereRaw(`exists (${document} and document.state in ('signed', 'submitted'))`),
  },
  {
    name: 'rejected',
    label: 'compliance.filter.refused',
    where: (query) => void query.whereRaw(`exists (${document} and document.state = 'rejected')`),
  },
]

/** How far each has come with the authority; a country puts what became of it later in front (`eDocumentColumn`). */
const column: ListColumn = {
  name: eDocumentColumn,
  label: 'compliance.column.e-document',
  type: 'badge',
  optional: 'show',
  options: Object.entries(documentColors).map(([value, color]) => ({ value, label: `compliance.state.${value}`, color })),
  sql: documentStateSql,
}

/** On the list of invoices: which wait for their signature, at whose desk, and how many a person there refused. */
export function addInvoiceFilters({ host, views }: ModuleSetup): void {
  views.extend<ListView>('invoicing.invoice.list', (view) => ({
    ...view,
    // Beside the customer: what needs somebody is seen without moving the table.
    columns: view.columns.flatMap((one) => (one.name === 'customer_name' ? [one, column] : [one])),
    filters: [...(view.filters ?? []), ...filters],
    notice: async (transaction, context) =>
      (await view.notice?.(transaction, context)) ?? (await unsignedNotice(host, transaction, context)),
  }))
}

async function unsignedNotice(host: Host, transaction: CompanyTransaction, context: CompanyContext): Promise<ListNotice | null> {
  const { unsigned, refused } = await countUnsigned(transaction)
  if (unsigned === 0) return null
  const text = (key: string, params: Record<string, string | number> = {}): string =>
    host.i18n.text(context.locale, `compliance.list.${key}`, params)
  const desks = (await deskProgress(transaction)).flatMap((lot) => lot.desks.map(({ name }) => name))
  const waiting = unsigned - refused
  const parts = [
    ...(waiting === 0
      ? []
      : [
          desks.length === 0
            ? text('unsigned', { count: waiting })
            : text('at-desk', { count: waiting, desk: [...new Set(desks)].join(' · ') }),
        ]),
    ...(refused === 0 ? [] : [text('refused', { count: refused })]),
  ]
  return {
    text: parts.join(' '),
    level: refused > 0 ? 'warning' : 'info',
    links: [
      { label: text('show'), href: `${list}?f=${refused > 0 && waiting === 0 ? 'signature-refused' : 'unsigned'}` },
      ...(desks.length === 0 ? [] : [{ label: host.i18n.text(context.locale, 'compliance.desk.open'), href: '/app/credentials/desks' }]),
    ],
  }
}
