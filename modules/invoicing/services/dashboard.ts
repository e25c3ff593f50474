import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { HomeNews } from '../../../core/views/view.js'
import { formatDecimal } from '../../../core/money/format-amount.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { isOfThisMonthSql, isOpenSql, isOverdueSql } from './payment-state.js'

interface Counts {
  readonly drafts: number
  readonly overdue: number
  readonly unpaid: number
  readonly unprinted: number
  readonly posted_month: number
  readonly open_amount: string
  readonly overdue_amount: string
  readonly any: boolean
}

export interface Dashboard {
  readonly cards: readonly {
    readonly label: string
    readonly count: string
    readonly href: string
    readonly amount: string | null
    readonly tone: string
    readonly note?: string | null
  }[]
  readonly currency: string
  readonly next: NextStep
}

interface NextStep {
  readonly key: string
  readonly count: string
  readonly href: string
  readonly action: string
}

/** What the overview shows: how many invoices stand where, what they are worth, and the one thing to do next. */
export async function dashboardOf(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<Dashboard> {
  const company = await host.access.company(context.companyId)
  const { rows } = await transaction.knex.raw<{ rows: Counts[] }>(
    `with open as (
       select ${isOverdueSql} as overdue,
         case when type = 'credit_note' then -1 else 1 end
           * case when currency = :currency then 1 else cast(coalesce(document ->> 'exchangeRate', '1') as numeric) end
           * (payable - settled) as amount
       from invoicing_invoice where company_id = :companyId and ${isOpenSql})
     select (select count(*)::int from invoicing_invoice where company_id = :companyId and state = 'draft') as drafts,
       (select count(*)::int from invoicing_invoice where company_id = :companyId and state = 'posted'
         and ${isOfThisMonthSql}) as posted_month,
       exists (select from invoicing_invoice where company_id = :companyId) as any,
       (select count(*)::int from invoicing_print p where p.company_id = :companyId and p.state in ('sealing_failed', 'failed')) as unprinted,
       count(*)::int as unpaid,
       count(*) filter (where overdue)::int as overdue,
       coalesce(sum(amount), 0)::text as open_amount,
       coalesce(sum(amount) filter (where overdue), 0)::text as overdue_amount
     from open`,
    { companyId: transaction.companyId, currency: company.currency },
  )
  const [counts] = rows
  if (counts === undefined) throw new Error('counting gives a row')
  const money = (value: string): string => formatDecimal(value, minorUnits(company.currency), context.locale, company.digits)
  const count = (value: number): string => formatDecimal(String(value), 0, context.locale, company.digits)
  const list = '/app/invoicing/invoice'
  const cards = [
    { label: 'invoicing.dashboard.drafts', count: count(counts.drafts), href: `${list}?f=draft`, amount: null, tone: 'grey' },
    {
      label: 'invoicing.dashboard.unpaid',
      count: count(counts.unpaid),
      href: `${list}?f=unpaid`,
      amount: money(counts.open_amount),
      tone: 'blue',
    },
    {
      label: 'invoicing.dashboard.overdue',
      count: count(counts.overdue),
      href: `${list}?f=overdue`,
      amount: money(counts.overdue_amount),
      tone: 'red',
    },
    {
      label: 'invoicing.dashboard.month',
      count: count(counts.posted_month),
      href: `${list}?f=posted&f=this-month`,
      amount: null,
      tone: 'green',
    },
  ]
  const added = (await host.hooks.collect('invoicing.overview', undefined, { context, transaction })).map((card) => ({
    label: card.label,
    count: count(card.count),
    href: card.href,
    amount: card.amount === null ? null : money(card.amount),
    tone: 'blue',
    note:
      card.note === null
        ? null
        : host.i18n.text(
            context.locale,
            card.note.key,
            Object.fromEntries(Object.entries(card.note.params).map(([name, value]) => [name, count(value)])),
          ),
  }))
  return { cards: [...cards, ...added], currency: company.currency, next: nextStep(counts, list, count) }
}

/** The one thing to do now: mend what is stuck, collect what is late, finish what was begun, else make an invoice. */
function nextStep(counts: Counts, list: string, count: (value: number) => string): NextStep {
  const step = (name: string, number: number, href: string): NextStep => ({
    key: `invoicing.next.${name}`,
    action: `invoicing.next.${name}.action`,
    count: count(number),
    href,
  })
  if (counts.unprinted > 0) return step('unprinted', counts.unprinted, `${list}?f=posted`)
  if (counts.overdue > 0) return step('overdue', counts.overdue, `${list}?f=overdue`)
  if (counts.drafts > 0) return step('drafts', counts.drafts, `${list}?f=draft`)
  return step(counts.any ? 'new' : 'first', 0, `${list}/new`)
}

/** The app's place on the home page. */
export async function homeNews(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<HomeNews> {
  const { cards, next } = await dashboardOf(host, context, transaction)
  const counted = (label: string): string => cards.find((card) => card.label === `invoicing.dashboard.${label}`)?.count ?? ''
  return {
    text: 'invoicing.home',
    params: { drafts: counted('drafts'), unpaid: counted('unpaid') },
    next: { text: next.key, params: { count: next.count }, action: next.action, href: next.href },
  }
}
