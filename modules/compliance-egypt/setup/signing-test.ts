import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { egyptProfile } from '../../../core/signing/formats/cades/profiles/egypt.js'
import { signCades } from '../../../core/signing/formats/cades/sign-cades.js'
import { egyptCompany, updateCompany } from '../company/company-rows.js'
import { registrationNumberOf } from '../company/readiness.js'
import { mandatesAt } from '../law/mandates.js'
import { chooseKey } from '../signing/choose-key.js'

export interface SigningTest {
  readonly keyName: string
  readonly certificateSha256: string
}

/**
 * Signs a text that says it is a test, in the form of the authority and with the key that invoices would get; the finished signature is
 * read and checked before this returns. At a desk the person is asked; asked again within the hour it is the same request.
 * @throws Fault EG-REGISTRATION-MISSING, EG-SIGN-NO-KEY, SIGN-AGENT-WAITING and whatever keeps the key from signing
 */
export async function testSigning(host: Host, context: CompanyContext): Promise<SigningTest> {
  host.access.require(context, 'invoicing.manager')
  const company = await host.access.company(context.companyId)
  const rin = registrationNumberOf(company)
  if (rin === undefined) throw new Fault('EG-REGISTRATION-MISSING', { path: 'identifiers' })
  const { keys, facts, mandates } = await host.db.company(context.companyId, async (transaction) => {
    const found = await host.signing.keys(transaction)
    return { keys: found, facts: await egyptCompany(transaction), mandates: await mandatesAt(transaction, host.now()) }
  })
  const named = facts?.keyId ?? undefined
  const { key, certificate } = chooseKey(keys, { rin, now: host.now(), context, mandates, ...(named === undefined ? {} : { named }) })
  // The hour, not the second: a person at a desk answers minutes later, and the answer must still fit.
  const hour = new Date(Math.floor(host.now().getTime() / 3_600_000) * 3_600_000)
  const signedAt = hour < certificate.notBefore ? certificate.notBefore : hour
  const content = Buffer.from(`"KHATM""SIGNING TEST, NOT A DOCUMENT""ISSUER""${rin}""HOUR""${signedAt.toISOString()}"`, 'utf8')
  const signer = await host.signing.open(context, key.id, {
    purpose: 'stamp-e-invoice',
    subject: { type: 'compliance-egypt.signing-test', id: key.id, label: `${company.name} · ${rin}` },
    amount: { value: '0.00', currency: company.currency },
    documentHash: createHash('sha256').update(content).digest('hex'),
  })
  await signCades(content, { signer, signedAt, detached: true, profile: egyptProfile })
  await host.db.company(context.companyId, async (transaction) => {
    await updateCompany(transaction, { signing_checked_at: host.now(), signing_checked_with: certificate.sha256 }, host.now())
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.signing-tested',
      subject: { type: 'signing.key', id: key.id, label: key.name },
      facts: { certificate: certificate.sha256 },
    })
  })
  return { keyName: key.name, certificateSha256: certificate.sha256 }
}
