import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { partiesOf } from '../../contacts/index.js'
import type { InvoiceDocument } from '../document.js'
import { invoicingSettings } from '../models/settings.js'
import { buildDocument, type DocumentSurroundings } from './build-document.js'
import { catalogueOf } from './catalogue.js'
import { taxComputationOf } from './further-taxes.js'
import { takeDocumentNumbers } from './numbering.js'
import { chargeOriginal, lockOriginals, releaseOriginal, type Original } from './originals.js'
import {
  readRequests,
  replayTwins,
  type Entry,
  type Outcomes,
  type PostDraft,
  type PostOutcome,
  type PostRequest,
} from './read-requests.js'
import { creditableAgain, lockReplaced, objectionsToReplacing, replaceInvoice } from './replace.js'
import { settleByNotes } from './settle-notes.js'
import { releaseRequests } from './requests.js'
import { storePosted, type PostedRow } from './store-posted.js'

export interface PostOptions {
  /** All or nothing: one refused invoice refuses the batch. Default: the good ones are posted. */
  readonly atomic?: boolean
  /** Makes the PDF in a job. Default true. */
  readonly print?: boolean
}

/**
 * Posts invoices, up to some hundred in one transaction: defaults, validation, numbers, regime, rows, events and jobs together, then
 * what can be finished at once (signing) outside it. Answers in the order of the requests; a refused one changes nothing.
 * @throws Fault MODULE-FAILED, and faults of the host; faults of an invoice are its outcome
 */
export async function postInvoices(
  host: Host,
  context: CompanyContext,
  requests: readonly (PostRequest | PostDraft)[],
  options: PostOptions = {},
): Promise<PostOutcome[]> {
  if (requests.length === 0) return []
  const company = await host.access.company(context.companyId)
  const outcomes = await postTogether(host, context, company, requests, options)
  return finish(host, context, outcomes)
}

async function postTogether(
  host: Host,
  context: CompanyContext,
  company: Company,
  requests: readonly (PostRequest | PostDraft)[],
  options: PostOptions,
): Promise<PostOutcome[]> {
  try {
    return await host.db.company(company.id, (transaction) => postInTransaction(host, context, company, transaction, requests, options))
  } catch (error) {
    // A regime that refuses while it builds its payload stops the whole transaction: halves find the one it means.
    if (!(error instanceof Fault) || error.status >= 500) throw error
    const [only] = requests
    if (requests.length === 1 && only !== undefined) return [{ status: 'invalid', faults: error.details }]
    if (options.atomic === true) return requests.map(() => ({ status: 'invalid', faults: error.details }))
    const middle = Math.ceil(requests.length / 2)
    const first = await postTogether(host, context, company, requests.slice(0, middle), options)
    return [...first, ...(await postTogether(host, context, company, requests.slice(middle), options))]
  }
}

async function postInTransaction(
  host: Host,
  context: CompanyContext,
  company: Company,
  transaction: CompanyTransaction,
  requests: readonly (PostRequest | PostDraft)[],
  options: PostOptions,
): Promise<PostOutcome[]> {
  const outcomes: Outcomes = requests.map(() => undefined)
  // Asked together, so that their answers travel together.
  const asked = Promise.all([
    host.settings.get(transaction, 'invoicing'),
    catalogueOf(transaction),
    host.modules.requireHealthy(company.id, transaction),
  ])
  asked.catch(() => undefined)
  const entries = await readRequests(transaction, requests, outcomes)
  for (const entry of entries)
    entry.input = await host.hooks.waterfall('invoice.defaults', entry.input, undefined, { context, transaction })
  const [settings, catalogue] = await asked
  const contactIds = new Set(entries.flatMap(({ input }) => (input.contactId === undefined ? [] : [input.contactId])))
  const surroundings: DocumentSurroundings = {
    company,
    settings: invoicingSettings.parse(settings),
    catalogue,
    now: host.now(),
    parties: await partiesOf(transaction, [...contactIds]),
    computation: await taxComputationOf(host, context, transaction, company),
  }
  const inputs = entries.map(({ input }) => input)
  for (const [index, replaced] of await lockReplaced(host, context, transaction, inputs)) {
    const entry = entries[index]
    if (entry !== undefined) entry.replaces = replaced
  }
  const originals = await lockOriginals(transaction, numbersReferredTo(entries))
  // Notes on invoices of this very batch come after them, when their originals have numbers.
  const later = entries.filter(({ input }) => input.type !== 'invoice' && input.refersTo !== undefined && !originals.has(input.refersTo))
  const first = later.length === 0 ? entries : entries.filter((entry) => !later.includes(entry))
  const call: Posting = { host, context, transaction, surroundings, options, outcomes }
  await postEntries(call, first, originals)
  if (later.length > 0) await postEntries(call, later, await lockOriginals(transaction, numbersReferredTo(later)))

  const refused = outcomes.some((outcome) => outcome?.status === 'invalid')
  if (refused && options.atomic === true) {
    const faults = outcomes.flatMap((outcome) => (outcome?.status === 'invalid' ? outcome.faults : []))
    Fault.throwIfAny(faults)
  }
  await releaseRequests(
    transaction,
    entries.flatMap(({ key, index }) => (key !== undefined && outcomes[index]?.status === 'invalid' ? [key] : [])),
  )
  return replayTwins(requests, outcomes)
}

interface Posting {
  readonly host: Host
  readonly context: CompanyContext
  readonly transaction: CompanyTransaction
  readonly surroundings: DocumentSurroundings
  readonly options: PostOptions
  readonly outcomes: Outcomes
}

async function postEntries(posting: Posting, entries: readonly Entry[], originals: ReadonlyMap<string, Original>): Promise<void> {
  const { host, context, transaction, surroundings, options, outcomes } = posting
  const good: (Entry & { document: InvoiceDocument })[] = []
  for (const entry of entries) {
    const { document, faults } = await judge(posting, entry, originals)
    const errors = faults.filter((fault) => fault.level !== 'warning')
    if (errors.length > 0 || document === undefined) {
      if (document !== undefined && entry.original !== undefined)
        releaseOriginal(document, entry.original, creditableAgain(entry.replaces, entry.original))
      outcomes[entry.index] = { status: 'invalid', faults }
    } else good.push({ ...entry, document, warnings: faults })
  }
  if (good.length === 0) return

  const numbers = await takeDocumentNumbers(
    transaction,
    surroundings.settings,
    good.map((entry) => entry.document),
  )
  const numbered = good.map((entry, index) => ({ ...entry.document, number: numbers[index] ?? '' }))
  // The rows first: what listeners write in this transaction refers to them.
  const documents = await store(posting, good, numbered)
  const events = documents.map((document) => ({
    action: 'invoice.posted',
    subject: { type: 'invoicing.invoice', id: document.id, label: document.number },
    facts: { number: document.number, type: document.type, total: document.totals.taxInclusive, currency: document.currency },
  }))
  for (const event of events) host.audit.record(transaction, context, event)
  await settleByNotes(
    transaction,
    context,
    host.audit,
    documents,
    good.map((entry) => entry.original?.id ?? null),
  )
  for (const [index, { replaces }] of good.entries()) {
    const document = documents[index]
    if (replaces !== undefined && document !== undefined) await replaceInvoice(host, context, transaction, replaces.id, document)
  }
  if (options.print !== false) {
    const prints = documents.map(({ id }) => ({ payload: { invoiceId: id }, options: { key: `invoicing.print:${id}` } }))
    transaction.beforeCommit(() => host.jobs.addMany(transaction, 'invoicing.print', prints))
  }
  for (const [index, entry] of good.entries()) {
    const document = documents[index] ?? entry.document
    await host.hooks.notify('invoice.posted', { invoiceId: document.id }, { context, transaction })
    outcomes[entry.index] = {
      status: 'posted',
      invoiceId: document.id,
      number: document.number,
      document,
      replayed: false,
      faults: entry.warnings,
      finish: null,
    }
  }
}

async function store(
  posting: Posting,
  entries: readonly Entry[],
  numbered: readonly InvoiceDocument[],
): Promise<readonly InvoiceDocument[]> {
  const { host, context, transaction, surroundings } = posting
  const rows: PostedRow[] = numbered.map((document, index) => {
    const entry = entries[index]
    if (entry === undefined) throw new Error('a numbered document has its entry')
    return { document, input: entry.input, originalId: entry.original?.id ?? null }
  })
  // Sent, not awaited: what listeners send after it runs after it.
  const stored = storePosted(transaction, rows, {
    actor: context.actor.name,
    timeZone: surroundings.company.timeZone,
    now: surroundings.now,
  })
  stored.catch(() => undefined)
  transaction.beforeCommit(() => stored)
  const documents = await host.hooks.waterfall('invoice.posting', numbered, undefined, { context, transaction })
  if (documents.length !== numbered.length || documents.some((document, index) => document !== numbered[index])) {
    throw new Error('a listener of invoice.posting changed the documents; they are stored as they were numbered')
  }
  return documents
}

/** Builds the document and asks everyone who may object. */
async function judge(
  { host, context, transaction, surroundings }: Posting,
  entry: Entry,
  originals: ReadonlyMap<string, Original>,
): Promise<{ document: InvoiceDocument | undefined; faults: FaultDetail[] }> {
  const { input } = entry
  const original = input.type === 'invoice' || input.refersTo === undefined ? undefined : originals.get(input.refersTo)
  const built = buildDocument(
    entry.id,
    input,
    surroundings,
    original === undefined ? null : { number: original.number, uuid: original.id, issueDate: original.issueDate },
  )
  const faults = [...built.faults]
  const { document } = built
  if (document === undefined) return { document, faults }
  if (original !== undefined) {
    const objections = chargeOriginal(document, original, creditableAgain(entry.replaces, original))
    faults.push(...objections)
    if (objections.length === 0) entry.original = original
  } else if (input.type !== 'invoice' && input.refersTo !== undefined) {
    faults.push({ code: 'INVOICE-REFERENCE-EXTERNAL', path: 'refersTo', params: { number: input.refersTo }, level: 'warning' })
  }
  if (entry.replaces !== undefined) faults.push(...objectionsToReplacing(entry.replaces, document))
  faults.push(...(await host.hooks.veto('invoice.validate', document, { context, transaction })))
  return { document, faults }
}

function numbersReferredTo(entries: readonly Entry[]): string[] {
  return [...new Set(entries.flatMap(({ input }) => (input.type === 'invoice' || input.refersTo === undefined ? [] : [input.refersTo])))]
}

/** Lets regimes sign what was posted; runs after the commit, and again for replays, since signing may have been interrupted. */
async function finish(host: Host, context: CompanyContext, outcomes: readonly PostOutcome[]): Promise<PostOutcome[]> {
  const invoiceIds = [...new Set(outcomes.flatMap((outcome) => (outcome.status === 'posted' ? [outcome.invoiceId] : [])))]
  if (invoiceIds.length === 0) return [...outcomes]
  const finishes = await host.hooks.collect('invoice.finishing', { invoiceIds }, { context })
  const byId = new Map(finishes.map((answer) => [answer.invoiceId, answer]))
  return outcomes.map((outcome) => (outcome.status === 'posted' ? { ...outcome, finish: byId.get(outcome.invoiceId) ?? null } : outcome))
}
