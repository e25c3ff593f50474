import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { FormView } from '../../../core/views/view.js'
import { endOf, keptTimes } from '../authority/document-types.js'
import { stateColours } from '../authority/later-states.js'
import { addressesOf, shareLink } from '../authority/eta-addresses.js'
import { etaReasons } from '../authority/state-changes.js'
import { submissionOf, type EtaSubmission } from '../authority/submission-rows.js'
import { isCorrectable } from '../document/corrected-invoices.js'
import { egyptCompany } from '../company/company-rows.js'

/** The document at the authority, on the invoice: its state there, its link, and what may still be done about it. */
export function addAuthorityPanel({ host, views }: ModuleSetup): void {
  views.extend<FormView>('invoicing.invoice.form', (view) => ({
    ...view,
    panels: [
      ...(view.panels ?? []),
      {
        name: 'compliance-egypt',
        label: 'compliance-egypt.panel',
        template: 'compliance-egypt/authority-panel',
        load: (record, transaction, context) =>
          typeof record.id === 'string' ? loadPanel(host, transaction, context, record.id) : Promise.resolve(null),
      },
    ],
  }))
}

/** Reasons in the reader's language; the authority takes its own words alone. */
export function reasonChoices(host: Host, context: CompanyContext): { value: string; label: string }[] {
  return etaReasons.map((value, place) => ({
    value,
    label: host.i18n.text(context.locale, `compliance-egypt.reason.${String(place + 1)}`),
  }))
}

/** For what is shown; what is done asks `host.access.require`. */
export function isManager(context: CompanyContext): boolean {
  return context.groups.has('*') || context.groups.has('invoicing.manager')
}

function isClerk(context: CompanyContext): boolean {
  return context.groups.has('*') || context.groups.has('invoicing.user')
}

export function shownTime(at: Date | null, timeZone: string): string | null {
  return at === null ? null : new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at)
}

async function loadPanel(host: Host, transaction: CompanyTransaction, context: CompanyContext, invoiceId: string): Promise<object | null> {
  const row = await submissionOf(transaction, invoiceId)
  if (row === undefined) return null
  const company = await host.access.company(context.companyId)
  const facts = await egyptCompany(transaction)
  const times = await keptTimes(transaction, row.type, host.now())
  const manager = isManager(context)
  const cancelUntil = endOf(row.receivedAt, times?.cancel)
  const declineUntil = endOf(row.rejectAskedAt, times?.declineRejection)
  const open = (end: Date | null): boolean => end === null || end > host.now()
  const text = (key: string, params?: Record<string, string>): string => host.i18n.text(context.locale, `compliance-egypt.${key}`, params)
  return {
    base: `/app/compliance-egypt/documents/${invoiceId}`,
    state: text(`state.${row.status}`),
    colour: stateColours[row.status],
    explanation: text(`state-help.${row.status}`),
    reason: row.statusReason,
    contradiction: (await isCancelledHere(transaction, invoiceId)) && standing.has(row.status) ? text('contradiction') : null,
    uuid: row.documentUuid,
    correlation: row.correlationId,
    link: linkOf(host, company.sandbox, facts?.environment ?? 'sandbox', row),
    printout: row.documentUuid !== null,
    cancel:
      manager && row.status === 'Valid' && open(cancelUntil)
        ? { end: cancelUntil?.toISOString() ?? null, reasons: reasonChoices(host, context) }
        : null,
    correct: isClerk(context) && (await isCorrectable(transaction, invoiceId)),
    cancelOver: manager && row.status === 'Valid' && !open(cancelUntil) ? text('action.cancel-over') : null,
    decline:
      manager && row.status === 'Rejected' && row.declinedAt === null && open(declineUntil)
        ? { end: declineUntil?.toISOString() ?? null }
        : null,
  }
}

/** At the authority it stands, or may stand yet. */
const standing: ReadonlySet<string> = new Set(['sending', 'Submitted', 'Valid'])

/** A cancellation may be declined by the buyer after the invoice was cancelled here. */
async function isCancelledHere(transaction: CompanyTransaction, invoiceId: string): Promise<boolean> {
  const invoice = await transaction
    .knex('invoicing_invoice')
    .where({ company_id: transaction.companyId, id: invoiceId })
    .first<{ state: string } | undefined>('state')
  return invoice?.state === 'cancelled'
}

function linkOf(host: Host, sandbox: boolean, environment: 'sandbox' | 'preprod' | 'production', row: EtaSubmission): string | null {
  if (row.documentUuid === null || row.longId === null || (sandbox && host.config.sandbox.url === null)) return null
  return shareLink(addressesOf(host.config, { sandbox }, environment), row.documentUuid, row.longId)
}
