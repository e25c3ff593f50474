import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { documentsOf, type InvoiceFinish } from '../../invoicing/index.js'
import { markSigned, recordFailures, rowsOfInvoices, type DocumentRow } from '../models/document-rows.js'
import type { NotSigned, SignedLegalDocument } from '../regime.js'
import { takePrepared, type SignableDocument } from './prepared-memory.js'
import { addProcessing } from './processing-jobs.js'
import { legalFileName } from './legal-name.js'
import { releasePrints } from './print.js'
import { regimeOf } from './regime-of.js'

/** How long a document waits for its signer before it is tried again without being asked. */
const signAgainSeconds = 60

/**
 * Signs what is prepared among these invoices, outside any transaction of the caller, and leaves the jobs that send it. May be
 * called again at any time: a document is signed once. A signer that cannot be reached is a state of the document, not an error.
 * @returns what became of those that were signed now
 */
export async function signNow(host: Host, context: CompanyContext, invoiceIds: readonly string[]): Promise<InvoiceFinish[]> {
  const documents = await signableOf(host, context, invoiceIds)
  if (documents.length === 0) return []
  const company = await host.access.company(context.companyId)
  const regime = await regimeOf(host, context, company)
  if (regime === undefined) return []
  let signed: readonly (SignedLegalDocument | NotSigned | null)[]
  let problem: FaultDetail = { code: 'COMPLIANCE-SIGNER-AWAY' }
  try {
    signed = await signApart((some) => regime.sign(context, company, some), documents)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    problem = { code: error.code, params: error.params }
    signed = documents.map(() => null)
  }
  return host.db.company(company.id, (transaction) => store(host, context, transaction, documents, signed, problem))
}

type Sign = (documents: readonly SignableDocument[]) => Promise<readonly (SignedLegalDocument | NotSigned | null)[]>

/**
 * Signs all at once. What the policy of the key has against one document (an amount above its limit) is that document's own problem: the
 * others are signed without it, in halves, so that few openings find it. And what one kind lacks (a key that is stopped) holds up no other
 * kind, which may need none.
 */
async function signApart(sign: Sign, documents: readonly SignableDocument[]): ReturnType<Sign> {
  try {
    return await sign(documents)
  } catch (error) {
    const parts = error instanceof Fault ? partsAfter(error, documents) : []
    if (parts.length < 2) throw error
    const signed = new Map<string, SignedLegalDocument | NotSigned | null>()
    for (const part of parts) {
      const outcomes = await signPart(sign, part)
      for (const [index, { invoiceId }] of part.entries()) signed.set(invoiceId, outcomes[index] ?? null)
    }
    return documents.map(({ invoiceId }) => signed.get(invoiceId) ?? null)
  }
}

/** What is worth trying by itself after such a fault: halves, or each kind. */
function partsAfter(fault: Fault, documents: readonly SignableDocument[]): (readonly SignableDocument[])[] {
  if (fault.path?.startsWith('use[') !== true) {
    const kinds = [...new Set(documents.map(({ kind }) => kind))]
    return kinds.map((kind) => documents.filter((document) => document.kind === kind))
  }
  const middle = Math.ceil(documents.length / 2)
  return [documents.slice(0, middle), documents.slice(middle)].filter((half) => half.length > 0)
}

async function signPart(sign: Sign, part: readonly SignableDocument[]): ReturnType<Sign> {
  try {
    return await signApart(sign, part)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const fault: FaultDetail = { code: error.code, params: error.params }
    return part.map(() => ({ fault, held: false }))
  }
}

async function store(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  documents: readonly SignableDocument[],
  signed: readonly (SignedLegalDocument | NotSigned | null)[],
  problem: FaultDetail,
): Promise<InvoiceFinish[]> {
  const now = host.now()
  const finished: InvoiceFinish[] = []
  const done: { document: SignableDocument; legal: SignedLegalDocument }[] = []
  const waiting: { readonly document: SignableDocument; readonly fault: FaultDetail; readonly held: boolean }[] = []
  for (const [index, document] of documents.entries()) {
    const legal = signed[index]
    if (legal === null || legal === undefined) waiting.push({ document, fault: problem, held: false })
    else if ('fault' in legal) waiting.push({ document, ...legal })
    else done.push({ document, legal })
  }
  if (done.length > 0) {
    const stored = await host.files.putMany(
      transaction,
      done.map(({ legal }) => ({ bytes: legal.bytes, mediaType: legal.mediaType })),
    )
    const changed = new Set(
      await markSigned(
        transaction,
        done.map(({ document, legal }, index) => ({
          invoice_id: document.invoiceId,
          legal_sha256: stored[index]?.sha256 ?? '',
          legal_type: legal.mediaType,
          legal_extension: legal.extension,
          qr: legal.qr,
        })),
        now,
      ),
    )
    for (const [index, { document, legal }] of done.entries()) {
      if (!changed.has(document.invoiceId)) continue
      const name = legalFileName(document.invoice.number, legal.extension)
      finished.push({
        invoiceId: document.invoiceId,
        state: 'signed',
        ...(legal.qr === null ? {} : { qr: legal.qr }),
        legalFile: { sha256: stored[index]?.sha256 ?? '', mediaType: legal.mediaType, name },
      })
      host.audit.record(transaction, context, {
        action: 'compliance.signed',
        subject: { type: 'invoicing.invoice', id: document.invoiceId, label: document.invoice.number },
        facts: { number: document.invoice.number, hash: document.hash, counter: document.chain?.counter ?? null },
      })
    }
    await Promise.all([addProcessing(host, transaction, [...changed]), releasePrints(host, transaction, [...changed])])
  }
  if (waiting.length > 0) {
    const again = new Date(now.getTime() + signAgainSeconds * 1000)
    await recordFailures(
      transaction,
      waiting.map(({ document, fault, held }) => ({
        invoice_id: document.invoiceId,
        state: 'prepared',
        last_error: fault,
        next_try_at: held ? null : again.toISOString(),
        held,
      })),
    )
    const tried = waiting.filter(({ held }) => !held).map(({ document }) => document.invoiceId)
    await addProcessing(host, transaction, tried, again)
  }
  return finished
}

/** Prepared documents with their payloads: from memory when they were posted here just now, else from the database. */
async function signableOf(host: Host, context: CompanyContext, invoiceIds: readonly string[]): Promise<SignableDocument[]> {
  const found = new Map<string, SignableDocument>()
  const missing: string[] = []
  for (const id of invoiceIds) {
    const remembered = takePrepared(id)
    if (remembered === undefined) missing.push(id)
    else found.set(id, remembered)
  }
  if (missing.length > 0) {
    await host.db.company(context.companyId, async (transaction) => {
      const rows = (await rowsOfInvoices(transaction, missing)).filter((row) => row.state === 'prepared')
      const invoices = await documentsOf(
        transaction,
        rows.map((row) => row.invoiceId),
      )
      for (const row of rows) {
        const invoice = invoices.get(row.invoiceId)
        if (invoice === undefined) continue
        const { bytes } = await host.files.get(transaction, row.payloadSha256)
        found.set(row.invoiceId, { ...preparedOf(row, bytes), invoice })
      }
    })
  }
  return invoiceIds.flatMap((id) => found.get(id) ?? [])
}

function preparedOf(row: DocumentRow, payload: Buffer): Omit<SignableDocument, 'invoice'> {
  return {
    invoiceId: row.invoiceId,
    kind: row.kind,
    uuid: row.uuid,
    chain: row.chain === null ? null : { name: row.chain, counter: row.counter ?? 0, previousHash: row.previousHash ?? '' },
    payload,
    payloadMediaType: row.payloadType,
    hash: row.hash,
  }
}

/** Part of `invoice.finishing`: signs, and tells what became of each. */
export async function processAfterPosting(host: Host, context: CompanyContext, invoiceIds: readonly string[]): Promise<InvoiceFinish[]> {
  const signed = await signNow(host, context, invoiceIds)
  const known = new Set(signed.map((finish) => finish.invoiceId))
  const others = invoiceIds.filter((id) => !known.has(id))
  if (others.length === 0) return signed
  const rows = await host.db.company(context.companyId, (transaction) => rowsOfInvoices(transaction, others))
  return [...signed, ...rows.map(finishOf)]
}

export function finishOf(row: DocumentRow): InvoiceFinish {
  const sha256 = row.copySha256 ?? row.legalSha256
  return {
    invoiceId: row.invoiceId,
    state: row.state,
    ...(row.qr === null ? {} : { qr: row.qr }),
    ...(sha256 === null || row.legalType === null
      ? {}
      : { legalFile: { sha256, mediaType: row.legalType, name: legalFileName(row.number, row.legalExtension ?? 'xml') } }),
  }
}
