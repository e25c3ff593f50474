import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { FieldDefinition, RecordValues } from '../../../core/views/view.js'
import { endOf, keptTimes, workflowTimes } from '../authority/document-types.js'
import { receivedByUuid } from '../authority/received-rows.js'
import { answerReceived, etaReasons } from '../authority/state-changes.js'
import { readReceived } from '../authority/watch.js'
import { askForDocument, askForMissing, documentFileOf, keepDocument, readDocumentJob, readDocumentPayload } from './keep-document.js'
import { contactOfIssuer, makeContact } from './issuer-contact.js'
import { loadDocumentPanel } from './document-panel.js'

export const receivedPage = '/app/compliance-egypt/received'
const managers = ['invoicing.manager'] as const
const table = 'compliance_egypt_received'

const field = (name: string, label: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  label: `compliance-egypt.${label}`,
  type,
  readonly: true,
  ...more,
})

const states = (
  [
    ['Submitted', 'blue'],
    ['Valid', 'green'],
    ['Invalid', 'red'],
    ['Rejected', 'red'],
    ['Cancelled', 'grey'],
  ] as const
).map(([value, color]) => ({ value, label: `compliance-egypt.received-state.${value}`, color }))

const types = ['i', 'c', 'd', 'ei', 'ec', 'ed'].map((value) => ({ value, label: `compliance-egypt.document-type.${value}` }))
const reasons = etaReasons.map((value, place) => ({ value, label: `compliance-egypt.reason.${String(place + 1)}` }))

/**
 * Last moment to reject a valid document, by the parameters of its type as the authority last gave them: the same reading as
 * `keptTimes`, done by the database so that a list can sort and filter by it.
 */
const rejectUntil = `case when ${table}.status = 'Valid' then ${table}.received_at + (
  select (one ->> 'value')::numeric * interval '1 hour'
  from compliance_egypt_document_type as kind, jsonb_array_elements(kind.parameters) as one
  where kind.company_id = ${table}.company_id and kind.type = ${table}.type
    and lower(one ->> 'parameter') like '%reject%' and lower(one ->> 'parameter') not like '%declin%'
    and one ->> 'value' ~ '^[0-9]+([.][0-9]+){0,1}$' limit 1) end`

/** A credit note takes away what an invoice brought. */
const signedTotal = `case when ${table}.total ~ '^-{0,1}[0-9]+([.][0-9]+){0,1}$'
  then ${table}.total::numeric * case when ${table}.type in ('c', 'ec') then -1 else 1 end end`

const numberOf = (record: RecordValues): string =>
  [record['internalId'], record['internal_id']].find((name): name is string => typeof name === 'string') ?? ''

/** What others issued to the company: list and page of each, with what may be answered and until when. */
export function receivedViews({ host, jobs, views }: ModuleSetup): void {
  jobs.define(readDocumentJob, (payload, { context }) => keepDocument(host, context, readDocumentPayload.parse(payload).uuid))

  async function load(transaction: CompanyTransaction, _context: CompanyContext, uuid: string): Promise<RecordValues | undefined> {
    const row = await receivedByUuid(transaction, uuid)
    if (row === undefined) return undefined
    const times = await keptTimes(transaction, row.type, host.now())
    const open = (end: Date | null): boolean => end === null || end > host.now()
    const until = endOf(row.receivedAt, times?.reject)
    const declineUntil = endOf(row.cancelAskedAt, times?.declineCancellation)
    const file = await documentFileOf(transaction, uuid)
    // Asked for here and read by a job; the page follows by itself.
    if (file === null) await askForDocument(host, transaction, uuid)
    return {
      ...row,
      id: uuid,
      currency: 'EGP',
      file,
      rejectUntil: row.status === 'Valid' ? until : null,
      rejectable: row.status === 'Valid' && open(until),
      declineUntil: row.status === 'Cancelled' && row.declinedAt === null ? declineUntil : null,
      declinable: row.status === 'Cancelled' && row.declinedAt === null && open(declineUntil),
      contact: await contactOfIssuer(transaction, row.issuerId),
    }
  }

  views.model({
    name: 'compliance-egypt.received',
    table,
    select: { id: `${table}.uuid`, total_signed: signedTotal, reject_until: rejectUntil, currency: "'EGP'" },
    searchColumns: ['internal_id', 'issuer_name', 'issuer_id', 'uuid'],
    label: numberOf,
    load,
    action: async (context, action, ids, input) => {
      const [uuid] = ids
      switch (action) {
        case 'refresh': {
          host.access.require(context, 'invoicing.user')
          const count = await readReceived(host, context)
          await workflowTimes(host, context, await host.access.company(context.companyId), 'i')
          await askForMissing(host, context)
          return { notice: { key: 'compliance-egypt.notice.refreshed', params: { count }, level: 'success' } }
        }
        case 'reject': {
          const reason = etaReasons.find((one) => one === input['reason'])
          if (reason === undefined) throw new Fault('EG-STATE-REASON', { path: 'reason' })
          await answerReceived(host, context, uuid ?? '', 'reject', reason)
          return { notice: { key: 'compliance-egypt.notice.rejected', level: 'success' } }
        }
        case 'decline':
          await answerReceived(host, context, uuid ?? '', 'decline-cancellation', null)
          return { notice: { key: 'compliance-egypt.notice.declined', level: 'success' } }
        case 'contact':
          return makeContact(host, context, uuid ?? '')
        case 'export':
          return { redirect: `${receivedPage}/export?ids=${ids.join(',')}` }
        default:
          throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action } })
      }
    },
    groups: { read: 'invoicing.reader', write: 'invoicing.manager' },
    auditType: 'compliance-egypt.document',
  })

  views.add({
    id: 'compliance-egypt.received.list',
    kind: 'list',
    model: 'compliance-egypt.received',
    title: 'compliance-egypt.received.title',
    noCreate: true,
    columns: [
      { ...field('internal_id', 'field.number', 'code'), sortable: true },
      { ...field('issuer_name', 'field.issuer', 'text'), sortable: true },
      { ...field('issuer_id', 'field.issuer-id', 'code'), optional: 'show' },
      { ...field('type', 'field.type', 'select', { options: types }), optional: 'show' },
      { ...field('issued_at', 'field.issued', 'datetime'), sortable: true },
      { ...field('received_at', 'field.received', 'datetime'), sortable: true, optional: 'hide' },
      { ...field('reject_until', 'field.reject-until', 'datetime'), sortable: true, optional: 'show' },
      { ...field('status', 'field.state', 'badge', { options: states }), sortable: true },
      // What does not stand at the authority is listed and owed to nobody.
      {
        ...field('total_signed', 'field.total', 'money'),
        sortable: true,
        sum: true,
        sumOf: `${table}.status not in ('Invalid', 'Rejected', 'Cancelled')`,
      },
      { ...field('uuid', 'field.document', 'code'), optional: 'hide' },
    ],
    filters: [
      {
        name: 'open',
        label: 'compliance-egypt.filter.rejectable',
        where: (query, _context, now) => void query.whereRaw(`(${rejectUntil}) > ?`, [now]),
      },
      ...states.map(({ value, label }) => ({ name: value.toLowerCase(), label, where: { status: value } })),
      { name: 'notes', label: 'compliance-egypt.filter.notes', where: { type: ['c', 'd', 'ec', 'ed'] } },
    ],
    groupBy: [
      { column: 'issuer_name', label: 'compliance-egypt.field.issuer' },
      { column: 'status', label: 'compliance-egypt.field.state' },
      { column: 'type', label: 'compliance-egypt.field.type' },
    ],
    defaultSort: { column: 'issued_at', direction: 'desc' },
    headerActions: [
      { name: 'refresh', label: 'compliance-egypt.received.refresh', icon: 'refresh', groups: ['invoicing.user'] },
      { name: 'export-all', label: 'compliance-egypt.received.export', icon: 'download', href: () => `${receivedPage}/export` },
    ],
    bulkActions: [{ name: 'export', label: 'compliance-egypt.received.export', icon: 'download' }],
    empty: { text: 'compliance-egypt.received.none' },
  })

  views.add({
    id: 'compliance-egypt.received.form',
    kind: 'form',
    model: 'compliance-egypt.received',
    title: 'compliance-egypt.received.one',
    heading: 'internalId',
    actions: [
      {
        name: 'reject',
        label: 'compliance-egypt.received.reject',
        icon: 'x',
        visible: (record) => record['rejectable'] === true,
        groups: managers,
        dialog: [
          field('reason', 'received.reject-reason', 'select', {
            options: reasons,
            required: true,
            readonly: false,
            help: 'compliance-egypt.received.reject-help',
            width: 'full',
          }),
        ],
      },
      {
        name: 'decline',
        label: 'compliance-egypt.action.decline-cancellation',
        icon: 'arrow-back-up',
        visible: (record) => record['declinable'] === true,
        groups: managers,
        confirm: 'compliance-egypt.received.decline-confirm',
      },
      {
        name: 'open-contact',
        label: 'compliance-egypt.received.contact',
        icon: 'address-book',
        visible: (record) => typeof record['contact'] === 'string',
        href: (record) => `/app/contacts/contact/${String(record['contact'])}`,
      },
      {
        name: 'contact',
        label: 'compliance-egypt.received.make-contact',
        icon: 'address-book',
        visible: (record) => typeof record['contact'] !== 'string' && typeof record['file'] === 'string',
        groups: ['contacts.user'],
      },
      {
        name: 'printout',
        label: 'compliance-egypt.action.printout',
        icon: 'download',
        href: (record) => `${receivedPage}/${String(record['id'])}/pdf`,
      },
      {
        name: 'raw',
        label: 'compliance-egypt.action.raw',
        icon: 'download',
        href: (record) => `${receivedPage}/${String(record['id'])}/raw`,
      },
    ],
    groups: [
      {
        fields: [
          field('internalId', 'field.number', 'code'),
          field('type', 'field.type', 'select', { options: types }),
          field('issuerName', 'field.issuer', 'text'),
          field('issuerId', 'field.issuer-id', 'code'),
          field('issuedAt', 'field.issued', 'datetime'),
        ],
      },
      {
        fields: [
          field('status', 'field.state', 'badge', { options: states }),
          field('statusReason', 'field.reason', 'text', { visible: (record) => Boolean(record['statusReason']) }),
          field('rejectUntil', 'field.reject-until', 'datetime', { visible: (record) => Boolean(record['rejectUntil']) }),
          field('declineUntil', 'field.decline-until', 'datetime', { visible: (record) => Boolean(record['declineUntil']) }),
          field('receivedAt', 'field.received', 'datetime'),
          field('uuid', 'field.document', 'code'),
        ],
      },
    ],
    totals: [{ field: 'total', label: 'compliance-egypt.field.total-due', strong: true }],
    panels: [
      {
        name: 'document',
        label: 'compliance-egypt.received.document',
        template: 'compliance-egypt/received-document',
        load: (record, transaction, context) => loadDocumentPanel(host, transaction, context, record),
      },
    ],
    messageLog: true,
    waiting: (record) => (record['file'] === null ? 'document' : undefined),
  })
}
