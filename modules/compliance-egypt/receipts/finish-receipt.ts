import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { NotSigned, PreparedDocument, SignedLegalDocument } from '../../compliance/index.js'
import { addressesOf } from '../authority/eta-addresses.js'
import { parseLiteral, textAt, memberOf } from '../canonical/literal-value.js'
import { egyptCompany } from '../company/company-rows.js'
import { uuidOfReceipt } from './write-receipt.js'

/**
 * Receipts as they are handed over and sent: their bytes as they were written, which name themselves by their hash. The batch signature the
 * format describes is not checked by the authority (receipt issuance FAQ) and not written; nothing claims that a receipt is signed.
 * @returns in their order; one whose stored bytes are not what was written says EG-RECEIPT-UUID, and holds up no other
 */
export async function finishReceipts(
  host: Host,
  company: Company,
  receipts: readonly PreparedDocument[],
): Promise<(SignedLegalDocument | NotSigned)[]> {
  const facts = await host.db.company(company.id, (transaction) => egyptCompany(transaction))
  const { portal } = addressesOf(host.config, company, facts?.environment ?? 'production')
  return receipts.map(({ payload }) => {
    try {
      const uuid = uuidOfReceipt(payload)
      return { bytes: payload, mediaType: 'application/json', extension: 'json', qr: receiptQr(portal, payload, uuid) }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { fault: { code: error.code, params: error.params }, held: false }
    }
  })
}

/** `{portal}/receipts/search/{uuid}/share/{dateTimeIssued}#Total:{amount},IssuerRIN:{rin}` (receipt issuance FAQ). */
export function receiptQr(portal: string, bytes: Uint8Array, uuid: string): string {
  const receipt = parseLiteral(bytes)
  const total = memberOf(receipt, 'totalAmount')
  const issued = textAt(receipt, 'header', 'dateTimeIssued') ?? ''
  const amount = total?.kind === 'number' ? total.text : ''
  return `${portal}/receipts/search/${uuid}/share/${issued}#Total:${amount},IssuerRIN:${textAt(receipt, 'seller', 'rin') ?? ''}`
}
