import type { Knex } from 'knex'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { formatDecimal } from '../../../core/money/format-amount.js'
import type { HomeNews } from '../../../core/views/view.js'
import type { RequestState } from '../models/request.js'
import { readableRequests } from '../services/requests/readable.js'
import { overdueSql, requestPath, stateColours } from './request-model.js'

interface Counts {
  readonly drafts: number
  readonly waiting: number
  readonly overdue: number
  readonly signed: number
  readonly failed: number
}

const list = '/app/signatures/request'

async function countsOf(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<Counts> {
  const { knex } = transaction
  const count = (condition: string, name: keyof Counts, bindings: readonly Date[] = []): Knex.Raw =>
    knex.raw(`count(*) filter (where ${condition})::int as ${name}`, [...bindings])
  const [counts]: Counts[] = await readableRequests(host, transaction, context).select(
    count(`state = 'draft'`, 'drafts'),
    count(`state = 'sent'`, 'waiting'),
    count(overdueSql, 'overdue'),
    count(`state = 'sealing_failed'`, 'failed'),
    count(`state in ('signed', 'sealed') and date_trunc('month', completed_at) = date_trunc('month', cast(? as timestamptz))`, 'signed', [
      host.now(),
    ]),
  )
  if (counts === undefined) throw new Error('counting gives a row')
  return counts
}

/** How requests stand, and what waits for the reader himself: his drafts, what is late, what was declined or could not be sealed. */
export async function overviewOf(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<object> {
  const counts = await countsOf(host, context, transaction)
  const company = await host.access.company(context.companyId)
  const number = (value: number): string => formatDecimal(String(value), 0, context.locale, company.digits)
  const needs: { id: string; number: string; name: string; state: RequestState; overdue: boolean }[] = await readableRequests(
    host,
    transaction,
    context,
  )
    .where((any) => {
      void any
        .where((own) => void own.where('state', 'draft').where('created_by', context.actor.id))
        .orWhere('state', 'sealing_failed')
        .orWhereRaw(overdueSql)
        .orWhere(
          (lately) => void lately.where('state', 'declined').where('updated_at', '>', new Date(host.now().getTime() - 7 * 86_400_000)),
        )
    })
    .orderByRaw(`case state when 'sealing_failed' then 0 when 'sent' then 1 when 'declined' then 2 else 3 end, updated_at desc`)
    .limit(12)
    .select('id', 'number', 'name', 'state', transaction.knex.raw(`${overdueSql} as overdue`))
  return {
    cards: [
      { label: 'signatures.overview.drafts', count: number(counts.drafts), href: `${list}?f=draft` },
      { label: 'signatures.overview.waiting', count: number(counts.waiting), href: `${list}?f=waiting` },
      { label: 'signatures.overview.overdue', count: number(counts.overdue), href: `${list}?f=overdue` },
      { label: 'signatures.overview.signed', count: number(counts.signed), href: `${list}?f=signed&f=this-month` },
    ],
    needs: needs.map((row) => ({
      href: row.state === 'draft' ? `/app/signatures/new/${row.id}` : requestPath(row.id),
      number: row.number,
      name: row.name,
      label: row.overdue ? 'signatures.overview.late' : `signatures.state.${row.state}`,
      colour: row.overdue ? 'orange' : stateColours[row.state],
    })),
  }
}

/** The app's place on the home page. */
export async function homeNews(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<HomeNews> {
  const counts = await countsOf(host, context, transaction)
  const company = await host.access.company(context.companyId)
  const number = (value: number): string => formatDecimal(String(value), 0, context.locale, company.digits)
  const next = (name: string, count: number, href: string): NonNullable<HomeNews['next']> => ({
    text: `signatures.next.${name}`,
    params: { count: number(count) },
    action: `signatures.next.${name}.action`,
    href,
  })
  return {
    text: 'signatures.home',
    params: { waiting: number(counts.waiting), signed: number(counts.signed) },
    next:
      counts.failed > 0
        ? next('failed', counts.failed, `${list}?f=failed`)
        : counts.overdue > 0
          ? next('overdue', counts.overdue, `${list}?f=overdue`)
          : counts.drafts > 0
            ? next('drafts', counts.drafts, `${list}?f=draft`)
            : next('new', 0, '/app/signatures/new'),
  }
}
