import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import type { ActionOutcome, Model, RecordValues } from '../../../core/views/view.js'
import type { RequestState, SignRequest } from '../models/request.js'
import { areFilesDeleted, holdOf, releaseHold, setHold } from '../evidence/legal-hold.js'
import { readRequest } from '../services/request-rows.js'
import { isMailed } from '../services/requests/links.js'
import { cancelRequest } from '../services/requests/cancel.js'
import { changeExpiry } from '../services/requests/expiry.js'
import { draftAgain } from '../services/requests/send-again.js'
import { remindSigner } from '../services/requests/reminders.js'
import { askedStates } from '../services/requests/states.js'
import { retrySealing } from '../services/signing/seal-request.js'

export const requestPath = (id: unknown): string => `/app/signatures/request/${String(id)}`

const signers = `signatures_signer s where s.company_id = signatures_request.company_id and s.request_id = signatures_request.id`

/** Late: the end is near, or somebody was asked five days ago and has not answered. */
export const overdueSql = `(signatures_request.state = 'sent' and (coalesce(signatures_request.expires_at < now() + interval '2 days', false)
  or exists (select 1 from ${signers} and s.state in ('sent', 'viewed', 'verified') and s.sent_at < now() - interval '5 days')))`

/** What lists and the form of requests are drawn from. All users of the app see all requests of the company. */
export function requestModel(host: Host): Model {
  return {
    name: 'signatures.request',
    table: 'signatures_request',
    select: {
      // Each name is isolated: an Arabic and a Latin one beside each other keep their order.
      people: `(select string_agg(chr(8296) || s.name || chr(8297), ' · ' order by s.position) from ${signers} and s.action <> 'copy')`,
      progress: `(select count(*) filter (where s.state in ('signed', 'approved')) || '/' || count(*) from ${signers} and s.action <> 'copy')`,
      overdue: overdueSql,
      template_name: `(select t.name from signatures_template t where t.company_id = signatures_request.company_id and t.id = signatures_request.template_id)`,
      month: `to_char(signatures_request.created_at, 'YYYY-MM')`,
    },
    searchColumns: ['number', 'name', 'source_label', 'created_by_name'],
    label: (record) => (typeof record['number'] === 'string' ? record['number'] : '—'),
    load: async (transaction, _context, id) => {
      try {
        const record = recordOf(await readRequest(transaction, id))
        const held = (await holdOf(transaction, id)) !== null
        // Files that were deleted after their term are not offered.
        if (!(await areFilesDeleted(transaction, id))) return { ...record, held, filesDeleted: false }
        return { ...record, held, filesDeleted: true, hasCertificate: false, hasEvents: false, hasEvidence: false }
      } catch (error) {
        if (error instanceof Fault && error.code === 'SIGNATURES-REQUEST-UNKNOWN') return undefined
        throw error
      }
    },
    action: (context, action, ids, input) => act(host, context, action, ids, input),
    propose: async (_transaction, { companyId }, action, record) => {
      const { expiresAt } = record
      if (action !== 'expiry' || !(expiresAt instanceof Date)) return {}
      const { timeZone } = await host.access.company(companyId)
      return { expiresAt: localDay(expiresAt, timeZone) }
    },
    groups: { read: 'signatures.user', write: 'signatures.user' },
    auditType: 'signatures.request',
  }
}

function recordOf(request: SignRequest): RecordValues {
  const open = request.signers.filter((signer) => askedStates.includes(signer.state))
  return {
    id: request.id,
    number: request.number,
    name: request.name,
    heading: request.name,
    state: request.state,
    sealing: request.state === 'sealing_failed' ? 'signed' : request.state,
    createdBy: request.createdBy.name,
    createdAt: request.createdAt,
    sentAt: request.sentAt,
    completedAt: request.completedAt,
    expiresAt: request.expiresAt,
    source: request.source?.label ?? '',
    hasSource: request.source !== null,
    remindable: open.some((signer) => isMailed(request, signer)),
    hasCertificate: request.certificateSha256 !== null,
    hasEvents: request.eventLogSha256 !== null,
    hasEvidence: request.evidenceSha256 !== null,
  }
}

type Act = (host: Host, context: CompanyContext, ids: readonly string[], input: RecordValues) => Promise<ActionOutcome>

const actions: Readonly<Record<string, Act>> = {
  remind: async (host, context, ids) => {
    let reminded = 0
    let refused: Fault | undefined
    for (const id of ids) {
      const request = await inCompany(host, context, (transaction) => readRequest(transaction, id))
      for (const signer of request.signers) {
        if (request.state !== 'sent' || !askedStates.includes(signer.state) || !isMailed(request, signer)) continue
        try {
          await inCompany(host, context, (transaction) => remindSigner(host, transaction, context, id, signer.id))
          reminded += 1
        } catch (error) {
          if (!(error instanceof Fault)) throw error
          refused = error
        }
      }
    }
    if (reminded === 0 && refused !== undefined) throw refused
    return { notice: { key: 'signatures.notice.reminded', params: { count: reminded }, level: reminded === 0 ? 'warning' : 'success' } }
  },
  cancel: async (host, context, ids, input) => {
    const typed = typeof input['reason'] === 'string' ? input['reason'] : ''
    // Many at once are withdrawn with one general sentence; one alone wants its own.
    const reason = ids.length > 1 && typed === '' ? host.i18n.text(context.locale, 'signatures.cancel.many') : typed
    for (const id of ids) await inCompany(host, context, (transaction) => cancelRequest(host, transaction, context, id, reason))
    return { notice: { key: 'signatures.notice.cancelled', params: { count: ids.length }, level: 'success' } }
  },
  expiry: async (host, context, ids, input) => {
    const day = typeof input['expiresAt'] === 'string' ? input['expiresAt'] : ''
    const company = await host.access.company(context.companyId)
    const until = day === '' ? null : endOfDay(day, company.timeZone)
    for (const id of ids) await inCompany(host, context, (transaction) => changeExpiry(host, transaction, context, id, until))
    return { notice: { key: 'signatures.notice.expiry', level: 'success' } }
  },
  hold: async (host, context, ids, input) => {
    host.access.require(context, 'signatures.manager')
    const reason = typeof input['reason'] === 'string' ? input['reason'] : ''
    for (const id of ids) await inCompany(host, context, (transaction) => setHold(host, transaction, context, id, reason))
    return { notice: { key: 'signatures.hold.notice-set', level: 'success' } }
  },
  release: async (host, context, ids, input) => {
    host.access.require(context, 'signatures.manager')
    const reason = typeof input['reason'] === 'string' ? input['reason'] : ''
    for (const id of ids) await inCompany(host, context, (transaction) => releaseHold(host, transaction, context, id, reason))
    return { notice: { key: 'signatures.hold.notice-released', level: 'success' } }
  },
  again: async (host, context, ids) => {
    const [id = ''] = ids
    const draft = await inCompany(host, context, (transaction) => draftAgain(host, transaction, context, id))
    return { redirect: `/app/signatures/new/${draft}`, notice: { key: 'signatures.notice.again', level: 'success' } }
  },
  seal: async (host, context, ids) => {
    for (const id of ids) await inCompany(host, context, (transaction) => retrySealing(host, transaction, id))
    return { notice: { key: 'signatures.notice.sealing', level: 'success' } }
  },
}

function inCompany<Result>(
  host: Host,
  context: CompanyContext,
  work: (transaction: CompanyTransaction) => Promise<Result>,
): Promise<Result> {
  return host.db.company(context.companyId, work)
}

function act(host: Host, context: CompanyContext, action: string, ids: readonly string[], input: RecordValues): Promise<ActionOutcome> {
  const run = actions[action]
  if (run === undefined || !Object.hasOwn(actions, action)) throw new Fault('SIGNATURES-REQUEST-UNKNOWN', { status: 404 })
  host.access.require(context, 'signatures.user')
  return run(host, context, ids, input)
}

/** The last moment of a day as calendars of the zone show it. @throws Fault SIGNATURES-INPUT-INVALID for what is no day */
export function endOfDay(day: string, timeZone: string): Date {
  const guess = new Date(`${day}T23:59:59Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(guess.getTime()))
    throw new Fault('SIGNATURES-INPUT-INVALID', { path: 'expiresAt', params: { field: 'expiresAt' } })
  const shown = new Date(
    `${new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(guess).replace(' ', 'T')}Z`,
  )
  return new Date(guess.getTime() - (shown.getTime() - guess.getTime()))
}

export const stateColours: Readonly<Record<RequestState, 'grey' | 'blue' | 'orange' | 'red' | 'green'>> = {
  draft: 'grey',
  sent: 'blue',
  signed: 'orange',
  sealing_failed: 'red',
  sealed: 'green',
  declined: 'red',
  expired: 'grey',
  cancelled: 'grey',
}
