import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { RequestState } from '../../signatures/index.js'
import type { DocumentKind } from '../models/contract-type.js'
import { settingsOf } from './employees.js'

/** Where a document stands for HR people. */
export const boardStates = ['to-send', 'waiting', 'overdue', 'signed', 'ended'] as const
export type BoardState = (typeof boardStates)[number]

/**
 * Standing of a document from its request: drafts are to be sent; what was sent waits, or is overdue after so many days; sealed is
 * signed; declined, expired and cancelled have ended. Signed by all but not sealed yet still waits.
 */
export const standingSql = (overdueBefore: string): string => `case
  when r.state = 'draft' then 'to-send'
  when r.state = 'sealed' then 'signed'
  when r.state in ('declined', 'expired', 'cancelled') then 'ended'
  when r.state = 'sealing_failed' or r.sent_at < ${overdueBefore} then 'overdue'
  else 'waiting' end`

export interface ListedDocument {
  readonly id: string
  readonly employee_id: string
  readonly employee: string
  readonly employee_ar: string | null
  readonly department: string | null
  readonly country: string
  readonly kind: DocumentKind
  readonly request_id: string
  readonly number: string
  readonly state: RequestState
  readonly standing: BoardState
  readonly since: Date
  readonly sealed_sha256: string | null
  readonly effective_from: string | null
  readonly effective_to: string | null
  readonly applied_at: Date | null
  readonly undone_at: Date | null
  readonly signers: readonly { readonly name: string; readonly role: string; readonly state: string }[]
}

export interface DocumentSearch {
  readonly employeeId?: string
  readonly country?: string
  readonly department?: string
  /** Signed and ended ones of the last so many days alone. */
  readonly finishedWithinDays?: number
  readonly limit: number
}

/** Documents with their employee, their standing and their signers, newest first. */
export async function listDocuments(host: Host, transaction: CompanyTransaction, search: DocumentSearch): Promise<ListedDocument[]> {
  const { overdueDays } = await settingsOf(host, transaction)
  const before = new Date(host.now().getTime() - overdueDays * 86_400_000)
  const where: string[] = ['d.company_id = :companyId']
  if (search.employeeId !== undefined) where.push('d.employee_id = :employeeId')
  if (search.country !== undefined) where.push('d.country = :country')
  if (search.department !== undefined) where.push('e.department = :department')
  if (search.finishedWithinDays !== undefined)
    where.push(`(r.state not in ('sealed', 'declined', 'expired', 'cancelled') or r.updated_at > :finishedAfter)`)
  const { rows } = await transaction.knex.raw<{ rows: ListedDocument[] }>(
    `select d.id, d.employee_id, p.name as employee, p.name_ar as employee_ar, e.department, d.country, d.kind, d.request_id, r.number, r.state,
       ${standingSql(':before')} as standing, coalesce(r.completed_at, r.sent_at, r.created_at) as since, r.sealed_sha256,
       d.effective_from, d.effective_to, d.applied_at, d.undone_at,
       (select coalesce(jsonb_agg(jsonb_build_object('name', s.name, 'role', s.role, 'state', s.state) order by s.signing_group, s.position), '[]')
          from signatures_signer s where s.company_id = r.company_id and s.request_id = r.id) as signers
     from employment_document d
     join signatures_request r on r.company_id = d.company_id and r.id = d.request_id
     join employment_employee e on e.company_id = d.company_id and e.id = d.employee_id
     join contacts_contact p on p.company_id = e.company_id and p.id = e.contact_id
     where ${where.join(' and ')}
     order by since desc, d.id limit :limit`,
    {
      companyId: transaction.companyId,
      before,
      employeeId: search.employeeId ?? null,
      country: search.country ?? null,
      department: search.department ?? null,
      finishedAfter: new Date(host.now().getTime() - (search.finishedWithinDays ?? 0) * 86_400_000),
      limit: search.limit,
    },
  )
  return rows
}

const done = new Set(['signed', 'approved'])

/** The tab of an employee's form. */
export async function documentsPanel(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  employeeId: string,
): Promise<object> {
  const manager = context.groups.has('*') || context.groups.has('employment.manager')
  const documents = await listDocuments(host, transaction, { employeeId, limit: 100 })
  return {
    employeeId,
    documents: documents.map((document) => ({
      ...document,
      href: `/app/signatures/request/${document.request_id}`,
      kindLabel: `employment.kind.${document.kind}`,
      standingLabel: `employment.standing.${document.standing}`,
      color: standingColors[document.standing],
      signers: document.signers.map((signer) => ({ ...signer, done: done.has(signer.state) })),
      // What is signed tells the pay too: its file is for those who may see it.
      file:
        document.sealed_sha256 !== null && (manager || document.kind === 'confidentiality')
          ? `/app/employment/document/${document.id}/file`
          : null,
      undo: manager && document.applied_at !== null && document.undone_at === null ? `/app/employment/document/${document.id}/undo` : null,
    })),
  }
}

export const standingColors: Readonly<Record<BoardState, string>> = {
  'to-send': 'grey',
  waiting: 'blue',
  overdue: 'orange',
  signed: 'green',
  ended: 'red',
}
