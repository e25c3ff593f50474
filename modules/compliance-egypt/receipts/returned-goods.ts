import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { add, compare, subtract } from '../../../core/money/decimal-text.js'
import { documentsOf, type InvoiceDocument } from '../../invoicing/index.js'
import type { FiledReceipt } from './receipt-rows.js'

/** The goods of a line: the authority's code where it has one. */
function goodsOf(line: InvoiceDocument['lines'][number]): string {
  return line.itemCode ?? line.description
}

function quantities(documents: readonly InvoiceDocument[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of documents.flatMap((document) => document.lines)) {
    found.set(goodsOf(line), add(found.get(goodsOf(line)) ?? '0', line.quantity))
  }
  return found
}

/**
 * Objections to a return of a sale that was filed here: goods it did not sell, or more of them than are left after earlier returns. The
 * row of the sale is locked by whoever posts.
 * @param others returns of the same posting that come before this one
 */
export async function checkReturned(
  transaction: CompanyTransaction,
  sale: FiledReceipt,
  back: InvoiceDocument,
  others: readonly InvoiceDocument[] = [],
): Promise<FaultDetail[]> {
  const { rows } = await transaction.knex.raw<{ rows: { id: string }[] }>(
    `select r.invoice_id as id from compliance_egypt_receipt r
       join compliance_document d on d.company_id = r.company_id and d.invoice_id = r.invoice_id
     where r.company_id = ? and r.reference_uuid = ? and d.state <> 'rejected' and r.invoice_id <> ?`,
    [transaction.companyId, sale.uuid, back.id],
  )
  const byId = await documentsOf(transaction, [sale.invoiceId, ...rows.map((row) => row.id)])
  const sold = byId.get(sale.invoiceId)
  if (sold === undefined) return []
  const before = rows.flatMap(({ id }) => byId.get(id) ?? []).filter((one) => !others.some((other) => other.id === one.id))
  const left = quantities([sold])
  for (const [goods, quantity] of quantities([...before, ...others])) left.set(goods, subtract(left.get(goods) ?? '0', quantity))
  const asked = new Map<string, string>()
  return back.lines.flatMap((line, index): FaultDetail[] => {
    const goods = goodsOf(line)
    const wanted = add(asked.get(goods) ?? '0', line.quantity)
    asked.set(goods, wanted)
    const rest = left.get(goods) ?? '0'
    if (compare(wanted, rest) <= 0) return []
    const shown = compare(rest, '0') < 0 ? '0' : rest
    return [
      { code: 'EG-RECEIPT-RETURN-MORE', path: `lines[${String(index)}].quantity`, params: { goods, rest: shown, number: sale.number } },
    ]
  })
}
