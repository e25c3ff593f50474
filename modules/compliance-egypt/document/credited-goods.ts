import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { add, compare, subtract } from '../../../core/money/decimal-text.js'
import { documentsOf, type InvoiceDocument } from '../../invoicing/index.js'
import { receiverIdentity } from './party.js'

/**
 * Objections to a credit note on a document that was filed here: goods the document did not have, or more money for them than is left of
 * its lines after earlier notes ("credit note amounts cannot exceed amounts of the invoice lines issued previously", SDK, document types).
 * Goods are told apart by their code. The original's row is locked by whoever posts.
 * @param originalId the filed invoice or debit note
 * @param earlier notes of the same posting that come before this one
 * @param posting all documents of the posting: those among them that are not earlier take nothing away
 */
export async function creditedFaults(
  transaction: CompanyTransaction,
  originalId: string,
  note: InvoiceDocument,
  earlier: readonly InvoiceDocument[] = [],
  posting: readonly InvoiceDocument[] = [note],
): Promise<FaultDetail[]> {
  const { rows } = await transaction.knex.raw<{ rows: { id: string }[] }>(
    `select i.id from invoicing_invoice i
       left join compliance_document d on d.company_id = i.company_id and d.invoice_id = i.id
     where i.company_id = ? and i.refers_to_id = ? and i.type = 'credit_note' and i.state = 'posted' and d.state is distinct from 'rejected'`,
    [transaction.companyId, originalId],
  )
  const now = new Set([note, ...posting].map(({ id }) => id))
  const before = rows.map(({ id }) => id).filter((id) => !now.has(id))
  const known = await documentsOf(transaction, [originalId, ...before])
  const original = known.get(originalId)
  if (original === undefined) return []
  const left = netByGoods([original])
  const taken = netByGoods([...before.flatMap((id) => known.get(id) ?? []), ...earlier])
  for (const [goods, net] of taken) if (left.has(goods)) left.set(goods, subtract(left.get(goods) ?? '0', net))
  return overdrawn(note, original, left)
}

/**
 * Objections to a note on a document that was filed here: another receiver than the document's, or, on a debit note, goods the document
 * did not have. A credit note changes amounts of the documents it refers to only; a debit note raises them "for the same goods and
 * services sold" (SDK, Credit Note v1.0; document types). The currency is the original's by the rules of every note.
 */
export async function sameDealFaults(transaction: CompanyTransaction, originalId: string, note: InvoiceDocument): Promise<FaultDetail[]> {
  const original = (await documentsOf(transaction, [originalId])).get(originalId)
  if (original === undefined) return []
  const faults: FaultDetail[] = []
  const [of, by] = [receiverIdentity(original.customer), receiverIdentity(note.customer)]
  if (of.type !== by.type || plain(of.id) !== plain(by.id)) {
    faults.push({ code: 'EG-NOTE-OTHER-RECEIVER', path: 'customer', params: { number: original.number } })
  }
  if (note.type !== 'debit_note') return faults
  const goods = new Set(original.lines.map(goodsOf))
  for (const [index, line] of note.lines.entries()) {
    if (goods.has(goodsOf(line))) continue
    const params = { goods: goodsOf(line), number: original.number }
    faults.push({ code: 'EG-DEBIT-OTHER-GOODS', path: `lines[${String(index)}].itemCode`, params })
  }
  return faults
}

function plain(id: string | undefined): string {
  return (id ?? '').replace(/[\s-]/g, '').toUpperCase()
}

function overdrawn(note: InvoiceDocument, original: InvoiceDocument, left: ReadonlyMap<string, string>): FaultDetail[] {
  const asked = new Map<string, string>()
  return note.lines.flatMap((line, index): FaultDetail[] => {
    const goods = goodsOf(line)
    const rest = left.get(goods)
    const params = { goods, number: original.number }
    if (rest === undefined) return [{ code: 'EG-CREDIT-OTHER-GOODS', path: `lines[${String(index)}].itemCode`, params }]
    const wanted = add(asked.get(goods) ?? '0', line.net)
    asked.set(goods, wanted)
    if (compare(wanted, rest) <= 0) return []
    const shown = compare(rest, '0') < 0 ? '0' : rest
    const path = `lines[${String(index)}].unitPrice`
    return [{ code: 'EG-CREDIT-MORE', path, params: { ...params, rest: shown, currency: original.currency } }]
  })
}

/** The goods of a line: the authority's code where it has one. */
function goodsOf(line: InvoiceDocument['lines'][number]): string {
  return line.itemCode ?? line.description
}

function netByGoods(documents: readonly InvoiceDocument[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of documents.flatMap((document) => document.lines)) {
    found.set(goodsOf(line), add(found.get(goodsOf(line)) ?? '0', line.net))
  }
  return found
}
