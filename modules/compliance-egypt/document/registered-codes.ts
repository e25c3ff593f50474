import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { readItemCode, type EtaItemCode } from './item-code.js'

/**
 * Codes of the house on these invoices that the authority has approved for this company, with the code they are registered under:
 * `A4-80` goes out as `EG-<registration number>-A4-80`. A code counts on the days it is active.
 * @returns by invoice id, then by the code of the house
 */
export async function registeredCodes(
  transaction: CompanyTransaction,
  rin: string,
  invoices: readonly InvoiceDocument[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, EtaItemCode>>> {
  const full = (code: string): string => `EG-${rin}-${code}`
  const wanted = new Set(invoices.flatMap((invoice) => houseCodes(invoice).map(full)))
  const known = new Map<string, { readonly from: string; readonly to: string | null }>()
  if (wanted.size > 0) {
    const { rows } = await transaction.knex.raw<{ rows: { code: string; from: string; to: string | null }[] }>(
      `select item_code as "code", active_from::text as "from", active_to::text as "to" from compliance_egypt_code
       where company_id = ? and state = 'approved' and code_type = 'EGS' and item_code = any(?::text[])`,
      [transaction.companyId, [...wanted]],
    )
    for (const { code, from, to } of rows) known.set(code, { from, to })
  }
  const isActive = (code: string, day: string): boolean => {
    const row = known.get(code)
    return row !== undefined && row.from <= day && (row.to === null || day <= row.to)
  }
  return new Map(
    invoices.map((invoice) => {
      const active = houseCodes(invoice).filter((code) => isActive(full(code), invoice.issueDate))
      return [invoice.id, new Map(active.map((code) => [code, { type: 'EGS', code: full(code) }]))]
    }),
  )
}

/** Codes on lines that are neither GS1 nor a whole EGS code. */
function houseCodes(invoice: InvoiceDocument): string[] {
  return invoice.lines.flatMap(({ itemCode }) => {
    const code = itemCode ?? ''
    return code.trim() === '' || readItemCode(code) !== undefined ? [] : [code]
  })
}

/** House codes that are registered nowhere: told before posting. */
export function unregisteredFaults(invoice: InvoiceDocument, registered: ReadonlyMap<string, EtaItemCode>): FaultDetail[] {
  return invoice.lines.flatMap(({ itemCode }, index): FaultDetail[] => {
    const code = itemCode ?? ''
    // An empty one is told by the rules on lines.
    if (code.trim() === '' || readItemCode(code) !== undefined || registered.has(code)) return []
    return [{ code: 'EG-ITEM-01', path: `lines[${String(index)}].itemCode`, params: { code } }]
  })
}
