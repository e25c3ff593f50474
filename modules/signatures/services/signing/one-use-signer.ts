import type { CompanyContext } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import type { KeyUse } from '../../../../core/signing/key.js'
import type { OneUseKey } from '../../../../core/signing/certificates/one-use-key.js'
import type { RequestSigner } from '../../models/request.js'
import { hostAuthority, shortened } from './host-authority.js'
import { hostPolicies, proofWords } from './policies.js'

/** Clocks differ: a certificate holds a little before it is made. */
const before = 10 * 60_000
const day = 86_400_000

/**
 * A key in memory with a certificate of the company's own authority in the name of a signer, for one signature. A certificate lives for
 * a day where a time stamp proves when it was used, and three years where nothing does.
 */
export async function oneUseSigner(
  host: Host,
  context: CompanyContext,
  signer: RequestSigner,
  use: KeyUse,
  options: { readonly timeStamped: boolean },
): Promise<OneUseKey> {
  const { keyId } = await hostAuthority(host, context)
  const company = await host.access.company(context.companyId)
  const now = host.now().getTime()
  const proof = proofWords(signer.authentication, signer.inPerson)
  const name = [
    { type: 'O', value: shortened(company.name) },
    // What a reader of the certificate sees of how the person was known, beside the policy that says it to programs.
    { type: 'OU', value: shortened(`Identity proven by ${proof}`) },
    ...(Array.from(signer.name).length > 64 ? [{ type: '2.5.4.41', value: signer.name }] : []),
    { type: 'CN', value: shortened(signer.name) },
  ]
  const system = await host.access.systemContext(context.companyId, context.source)
  return host.signing.openOneUse(
    system,
    keyId,
    {
      name,
      emails: signer.email !== null && /^[\x21-\x7e]+$/.test(signer.email) ? [signer.email] : [],
      policies: [
        {
          oid: hostPolicies[signer.level],
          notice: `Issued by the sender's own host for one signature. Identity proven by: ${proof}. No outside authority.`,
        },
      ],
      notBefore: new Date(now - before),
      notAfter: new Date(now + (options.timeStamped ? day : 3 * 365 * day)),
    },
    use,
  )
}
