import { isUuid } from '../../../core/access/companies.js'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { formatDecimal } from '../../../core/views/format.js'
import type { ActionOutcome, Model, RecordValues } from '../../../core/views/view.js'
import type { InvoiceDocument, InvoiceState, Party } from '../document.js'
import type { InvoiceInput } from '../input.js'
import { invoicingSettings } from '../models/settings.js'
import { cancelInvoice } from '../services/cancel.js'
import { taxComputationOf } from '../services/further-taxes.js'
import { deleteDrafts, previewDraft, saveDraft } from '../services/drafts.js'
import { duplicateInvoice } from '../services/duplicate.js'
import { netOf } from '../services/totals.js'
import { localTime } from '../../../core/i18n/local-time.js'
import { makeNote } from '../services/make-note.js'
import { paymentStateSql } from '../services/payment-state.js'
import { registerPayment } from '../services/payments.js'
import { postInvoices } from '../services/post.js'
import { mostAtOnce, startBatch } from '../services/post-batch.js'
import { makePrint, printStateOf } from '../services/print.js'
import { summaryOf } from '../services/read-invoices.js'
import { composeMail, sendInvoice } from '../services/send.js'
import { customerFacts } from './customer-facts.js'
import { completeLines, formFaults, formOfDocument, formOfInput, inputOfForm, noTotals, totalsOf } from './form-values.js'

const signed = (amount: 'untaxed' | 'total'): string =>
  `(case when invoicing_invoice.type = 'credit_note' then -1 else 1 end
    * case when invoicing_invoice.state = 'draft' then nullif(invoicing_invoice.${amount}, 0) else invoicing_invoice.${amount} end)`

/** A preview is of no stored invoice. */
const noInvoice = '00000000-0000-0000-0000-000000000000'

export const invoicePath = (id: unknown): string => `/app/invoicing/invoice/${String(id)}`

/** What lists and the form of invoices are drawn from. */
export function invoiceModel(host: Host): Model {
  return {
    name: 'invoicing.invoice',
    table: 'invoicing_invoice',
    select: {
      payment_state: paymentStateSql,
      open: '(invoicing_invoice.payable - invoicing_invoice.settled)',
      month: `to_char(invoicing_invoice.issue_date, 'YYYY-MM')`,
      // In the base list a credit note counts against the sums; a draft whose amounts cannot be computed has none.
      signed_untaxed: signed('untaxed'),
      signed_total: signed('total'),
    },
    // Backwards: newest day first, drafts of the day before its numbers.
    orders: { recent: ['invoicing_invoice.issue_date', 'invoicing_invoice.number'] },
    searchColumns: ['number', 'customer_name', 'customer_name_ar', 'customer_tax_number', 'refers_to_number'],
    label: (record, locale = 'en') =>
      typeof record['number'] === 'string' ? record['number'] : host.i18n.text(locale, 'invoicing.state.draft'),
    load: (transaction, context, id) => load(host, transaction, context, id),
    defaults: async (transaction, context, query) => {
      const company = await host.access.company(context.companyId)
      const settings = invoicingSettings.parse(await host.settings.get(transaction, 'invoicing'))
      const issueDate = localTime(host.now(), company.timeZone).date
      const type = query['type'] === 'credit_note' || query['type'] === 'debit_note' ? query['type'] : 'invoice'
      return {
        type,
        state: 'draft',
        simplified: false,
        currency: company.currency,
        issueDate,
        ...(query['contact'] === undefined ? {} : { contactId: query['contact'] }),
        lines: await completeLines(transaction, [{}], settings.defaultTax, issueDate, context.locale),
      }
    },
    compute: (transaction, context, values) => compute(host, transaction, context, values),
    save: async (transaction, context, id, values) => {
      const stored = id === undefined ? undefined : await storedInput(transaction, id)
      try {
        const saved = await saveDraft(host, context, transaction, id, await inputOfForm(transaction, values, stored))
        // A draft may be kept unfinished: what posting would refuse is told, and stops nothing now.
        return { id: saved.id, faults: formFaults(saved.faults, 'warning') }
      } catch (error) {
        if (error instanceof Fault) Fault.throwIfAny(formFaults(error.details), error.status)
        throw error
      }
    },
    // What has a number stays for good.
    removable: (record) => record['state'] === 'draft',
    remove: (transaction, context, ids) => deleteDrafts(host, context, transaction, ids),
    action: (context, action, ids, input) => act(host, context, action, ids, input),
    propose: (transaction, context, action, record) => propose(host, transaction, context, action, record),
    groups: { read: 'invoicing.reader', write: 'invoicing.user' },
    auditType: 'invoicing.invoice',
  }
}

async function storedInput(transaction: CompanyTransaction, id: string): Promise<InvoiceInput | undefined> {
  const row: { input: InvoiceInput | null } | undefined = await transaction
    .knex('invoicing_invoice')
    .where({ company_id: transaction.companyId, id })
    .first('input')
  return row?.input ?? undefined
}

async function load(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<RecordValues | undefined> {
  const row:
    { state: InvoiceState; input: InvoiceInput | null; document: InvoiceDocument | null; cancel_reason: string | null } | undefined =
    await transaction
      .knex('invoicing_invoice')
      .where('company_id', transaction.companyId)
      .whereIn('id', [id].filter(isUuid))
      .first('state', 'input', 'document', 'cancel_reason')
  if (row === undefined) return undefined
  const summary = await summaryOf(transaction, id)
  const print = await printStateOf(transaction, id)
  const values =
    row.document === null
      ? await formOfInput(
          transaction,
          row.input ?? { type: summary.type, simplified: false, lines: [], prepaid: '0' },
          summary.issueDate,
          context.locale,
        )
      : formOfDocument(row.document, context.locale)
  const amounts = row.document === null && row.input !== null ? await draftAmounts(host, transaction, context, row.input) : undefined
  const customer = amounts === undefined ? (row.document?.customer ?? null) : amounts.customer
  const inDraft = row.document === null
  return {
    untaxed: summary.untaxed,
    tax: summary.tax,
    total: summary.total,
    payable: summary.payable,
    currency: summary.currency,
    issueDate: summary.issueDate,
    dueDate: summary.dueDate,
    ...values,
    ...amounts?.totals,
    ...(amounts === undefined || !Array.isArray(values['lines'])
      ? {}
      : { lines: values['lines'].map((line: object, index) => ({ ...line, net: amounts.nets[index] })) }),
    id,
    state: summary.state,
    number: summary.number,
    heading: summary.number ?? '',
    contactId: summary.contactId,
    customerName: values['customerName'] ?? summary.customerName,
    customerFacts: customerFacts(host, customer, context.locale, inDraft && summary.contactId === null),
    // Stays shown while no contact is chosen in its place.
    writtenFacts: summary.contactId === null ? customerFacts(host, customer, context.locale, true) : null,
    settled: summary.settled,
    open: summary.open,
    paymentState: summary.paymentState,
    printState: summary.state === 'draft' ? null : print.state,
    sealLevel: print.level,
    taxGroups: amounts === undefined ? await taxGroupsText(host, transaction, context, row.document) : amounts.taxGroups,
    cancelReason: row.cancel_reason,
  }
}

/** The tax by kind in one line, where the company's country tells kinds apart. */
async function taxGroupsText(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  document: InvoiceDocument | null,
): Promise<string | null> {
  const company = await host.access.company(context.companyId)
  const computation = await taxComputationOf(host, context, transaction, company)
  if (computation?.groups === undefined || document === null) return null
  const groups = computation.groups(document)
  return groups.length === 0
    ? null
    : groups
        .map(({ name, amount }) => {
          const shown = formatDecimal(amount, { locale: context.locale, digits: company.digits, timeZone: company.timeZone }, 2)
          return `${host.i18n.pick(context.locale, name)} \u2066${shown}\u2069`
        })
        .join(' · ')
}

async function propose(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  action: string,
  record: RecordValues,
): Promise<RecordValues> {
  if (action === 'send') return { ...(await composeMail(host, context, transaction, String(record['id']))) }
  if (action !== 'pay') return {}
  const company = await host.access.company(context.companyId)
  return { amount: record['open'], date: localTime(host.now(), company.timeZone).date, method: record['paymentMeans'] ?? 'transfer' }
}

async function compute(host: Host, transaction: CompanyTransaction, context: CompanyContext, values: RecordValues): Promise<RecordValues> {
  const company = await host.access.company(context.companyId)
  const settings = invoicingSettings.parse(await host.settings.get(transaction, 'invoicing'))
  const issueDate = typeof values['issueDate'] === 'string' ? values['issueDate'] : localTime(host.now(), company.timeZone).date
  const lines = await completeLines(transaction, values['lines'], settings.defaultTax, issueDate, context.locale)
  try {
    // Lines that are still being written (no description yet) must not keep the totals from showing.
    const named = lines.map((line) => ({ ...line, description: line['description'] ?? '…' }))
    const input = await inputOfForm(transaction, { ...values, lines: named }, undefined)
    const amounts = await draftAmounts(host, transaction, context, input)
    return {
      ...values,
      ...amounts.totals,
      customerFacts:
        input.contactId === undefined ? (values['writtenFacts'] ?? null) : customerFacts(host, amounts.customer, context.locale, false),
      taxGroups: amounts.taxGroups,
      dueDate: values['dueDate'] ?? amounts.dueDate,
      lines: lines.map((line, index) => ({ ...line, net: amounts.nets[index] })),
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ...values, ...noTotals, lines }
  }
}

interface DraftAmounts {
  readonly totals: Record<string, unknown>
  readonly nets: readonly string[]
  readonly taxGroups: string | null
  readonly dueDate: string | null
  readonly customer: Party | null
}

/** Amounts of a draft as far as they can be told: where a tax is unknown, the lines' own; the totals stay open. */
async function draftAmounts(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  input: InvoiceInput,
): Promise<DraftAmounts> {
  const { document, customer } = await previewDraft(host, context, transaction, noInvoice, input)
  if (document !== undefined) {
    return {
      totals: totalsOf(document),
      nets: document.lines.map((line) => line.net),
      taxGroups: await taxGroupsText(host, transaction, context, document),
      dueDate: document.dueDate,
      customer,
    }
  }
  const { currency } = await host.access.company(context.companyId)
  return {
    totals: noTotals,
    nets: input.lines.map((line) => netOf(line, minorUnits(input.currency ?? currency))),
    taxGroups: null,
    dueDate: null,
    customer,
  }
}

type Act = (host: Host, context: CompanyContext, ids: readonly string[], input: RecordValues) => Promise<ActionOutcome>

const actions: Readonly<Record<string, Act>> = {
  confirm: async (host, context, ids): Promise<ActionOutcome> => {
    if (ids.length > mostAtOnce) {
      const batch = await host.db.company(context.companyId, (transaction) => startBatch(host, transaction, ids))
      return {
        redirect: `/app/invoicing/posting/${batch}`,
        notice: { key: 'invoicing.notice.posting', params: { count: ids.length }, level: 'success' },
      }
    }
    const outcomes = await postInvoices(
      host,
      context,
      ids.map((draftId) => ({ draftId })),
    )
    const faults = outcomes.flatMap((outcome) => (outcome.status === 'invalid' ? outcome.faults : []))
    if (ids.length === 1) Fault.throwIfAny(formFaults(faults))
    const posted = outcomes.filter((outcome) => outcome.status === 'posted')
    const [only] = posted
    if (ids.length === 1 && only !== undefined) {
      return {
        redirect: invoicePath(only.invoiceId),
        notice: { key: 'invoicing.notice.posted', params: { number: only.number }, level: 'success' },
      }
    }
    const refused = ids.length - posted.length
    return {
      notice:
        refused === 0
          ? { key: 'invoicing.notice.posted-many', params: { count: posted.length }, level: 'success' }
          : {
              key: 'invoicing.notice.posted-some',
              params: { count: posted.length, refused, first: faults[0]?.code ?? '' },
              level: 'warning',
            },
    }
  },
  pay: async (host, context, ids, input) => {
    const id = one(ids)
    const method = textOf(input['method'])
    const payment = await host.db.company(context.companyId, (transaction) =>
      registerPayment(host, context, transaction, id, {
        method: method === 'cash' || method === 'card' || method === 'credit' ? method : 'transfer',
        ...optional('amount', textOf(input['amount'])),
        ...optional('date', textOf(input['date'])),
        ...optional('memo', textOf(input['memo'])),
      }),
    )
    return {
      redirect: invoicePath(id),
      notice: { key: 'invoicing.notice.paid', params: { number: payment.number, amount: payment.amount }, level: 'success' },
    }
  },
  credit: (host, context, ids, input) => note(host, context, one(ids), 'credit_note', textOf(input['reason'])),
  debit: (host, context, ids, input) => note(host, context, one(ids), 'debit_note', textOf(input['reason'])),
  duplicate: async (host, context, ids) => {
    const draft = await host.db.company(context.companyId, (transaction) => duplicateInvoice(host, context, transaction, one(ids)))
    return { redirect: invoicePath(draft.id), notice: { key: 'invoicing.notice.duplicated', level: 'success' } }
  },
  cancel: async (host, context, ids, input) => {
    const id = one(ids)
    await cancelInvoice(host, context, id, textOf(input['reason']) ?? '')
    return { redirect: invoicePath(id), notice: { key: 'invoicing.notice.cancelled', level: 'success' } }
  },
  'print-again': async (host, context, ids) => {
    const { state } = await makePrint(host, context, one(ids))
    return { notice: { key: `invoicing.notice.print.${state}`, level: state === 'ready' ? 'success' : 'warning' } }
  },
  send: async (host, context, ids, input) => {
    const sent = await host.db.company(context.companyId, async (transaction) => {
      for (const id of ids) {
        const proposed = await composeMail(host, context, transaction, id)
        // Many at once go out as proposed, each to its own customer.
        const typed = ids.length === 1 ? input : {}
        await sendInvoice(host, context, transaction, id, {
          to: textOf(typed['to']) ?? proposed.to,
          subject: textOf(typed['subject']) ?? proposed.subject,
          body: textOf(typed['body']) ?? proposed.body,
        })
      }
      return ids.length
    })
    return { notice: { key: 'invoicing.notice.sent', params: { count: sent }, level: 'success' } }
  },
  download: (_host, _context, ids) => Promise.resolve({ redirect: `/app/invoicing/download?ids=${ids.join(',')}` }),
  delete: async (host, context, ids) => {
    await host.db.company(context.companyId, (transaction) => deleteDrafts(host, context, transaction, ids))
    return {
      redirect: '/app/invoicing/invoice',
      notice: { key: 'invoicing.notice.deleted', params: { count: ids.length }, level: 'success' },
    }
  },
}

const managerActions = new Set(['cancel'])

async function act(
  host: Host,
  context: CompanyContext,
  action: string,
  ids: readonly string[],
  input: RecordValues,
): Promise<ActionOutcome> {
  const run = actions[action]
  if (run === undefined || !Object.hasOwn(actions, action)) throw new Fault('INVOICE-UNKNOWN', { status: 404 })
  host.access.require(context, managerActions.has(action) ? 'invoicing.manager' : 'invoicing.user')
  return run(host, context, ids, input)
}

async function note(
  host: Host,
  context: CompanyContext,
  id: string,
  type: 'credit_note' | 'debit_note',
  reason: string | undefined,
): Promise<ActionOutcome> {
  const draft = await host.db.company(context.companyId, (transaction) =>
    makeNote(host, context, transaction, id, { type, ...optional('reason', reason) }),
  )
  return { redirect: invoicePath(draft.id) }
}

function one(ids: readonly string[]): string {
  const [id] = ids
  if (id === undefined || ids.length !== 1) throw new Fault('INVOICE-UNKNOWN', { status: 404 })
  return id
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function optional<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  // The computed key is exactly `name`.
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>)
}
