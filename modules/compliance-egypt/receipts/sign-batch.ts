import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { egyptProfile } from '../../../core/signing/formats/cades/profiles/egypt.js'
import { signCades } from '../../../core/signing/formats/cades/sign-cades.js'
import { canonicalHash, canonicalText } from '../canonical/canonical-text.js'
import { insertSignatures } from '../canonical/insert-signatures.js'
import { egyptCompany } from '../company/company-rows.js'
import { mandatesAt } from '../law/mandates.js'
import { chooseKey } from '../signing/choose-key.js'

/**
 * A submission of receipts with the issuer's signature in ITIDA's form over its canonical text. The format specifies it, the authority does
 * not check it yet: only for points of sale that are set to it. The receipts' own bytes stay as they are.
 * @param documentHash what the key's policy and a desk are told of
 * @throws Fault EG-SIGN-NO-KEY and those of opening a key: nothing is sent unsigned instead
 */
export async function signBatch(host: Host, context: CompanyContext, rin: string, serial: string, body: Buffer): Promise<Buffer> {
  const now = new Date(Math.floor(host.now().getTime() / 1000) * 1000)
  const chosen = await host.db.company(context.companyId, async (transaction) => {
    const [keys, facts, mandates] = [
      await host.signing.keys(transaction),
      await egyptCompany(transaction),
      await mandatesAt(transaction, now),
    ]
    const named = facts?.keyId ?? undefined
    return chooseKey(keys, { rin, now, context, mandates, ...(named === undefined ? {} : { named }) })
  })
  const text = canonicalText(body)
  const signer = await host.signing.open(context, chosen.key.id, {
    purpose: 'stamp-e-invoice',
    subject: { type: 'compliance-egypt.receipts', id: context.companyId, label: `${serial} · ${rin}` },
    documentHash: canonicalHash(text),
  })
  const { cms } = await signCades(text, { signer, signedAt: now, detached: true, profile: egyptProfile })
  return insertSignatures(body, [{ type: 'I', value: cms }])
}
