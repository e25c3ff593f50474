import type { CompanyContext } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { Key } from '../../../../core/signing/key.js'
import { readCertificate } from '../../../../core/validation/certificate/certificate.js'
import { authenticationMethods } from '../../authentication/registry.js'
import type { RequestSigner } from '../../models/request.js'
import { hostAuthorityRoot } from './host-authority.js'

/** Sources of keys that a qualified signature may come from: the key never was in a file of this host. */
const qualifiedProviders: ReadonlySet<Key['provider']> = new Set(['pkcs11', 'agent', 'csc'])

/**
 * Whether the way a person is known and signs is enough for the level that was asked for. The level is never lowered: what is
 * not enough is a fault.
 *
 * `simple`: any. `advanced`: a key of the signer's own, or proofs through two channels that do not depend on each other. `qualified`: a
 * key on a token, card, HSM or remote service with a certificate of an outside authority.
 * @throws Fault SIGNATURES-LEVEL-KEY, SIGNATURES-LEVEL-PROVIDER, SIGNATURES-LEVEL-ISSUER, SIGNATURES-LEVEL-CHANNELS (409)
 */
export async function requireLevel(host: Host, context: CompanyContext, signer: RequestSigner, key: Key | undefined): Promise<void> {
  const params = { name: signer.name }
  if (signer.level === 'qualified') {
    if (key === undefined) throw new Fault('SIGNATURES-LEVEL-KEY', { params, status: 409 })
    if (!qualifiedProviders.has(key.provider))
      throw new Fault('SIGNATURES-LEVEL-PROVIDER', { params: { ...params, key: key.name }, status: 409 })
    const [own] = key.certificates
    if (own === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: key.name }, status: 409 })
    await requireOutsideIssuer(host, context.companyId, signer, own)
    return
  }
  if (signer.level === 'advanced' && key === undefined) {
    const methods = await authenticationMethods(host, context)
    const channels = new Set(methods.filter(({ name }) => signer.authentication.includes(name)).map(({ channel }) => channel))
    if (channels.size < 2) throw new Fault('SIGNATURES-LEVEL-CHANNELS', { params, status: 409 })
  }
}

/**
 * A certificate by which nobody but its holder vouches for the holder, or that this host made itself, is none of an outside authority.
 * @throws Fault SIGNATURES-LEVEL-ISSUER
 */
export async function requireOutsideIssuer(host: Host, companyId: string, signer: Pick<RequestSigner, 'name'>, der: Buffer): Promise<void> {
  const certificate = readCertificate(der)
  const root = await hostAuthorityRoot(host, companyId)
  const isOurs = root !== undefined && readCertificate(root).subjectKey === certificate.issuerKey
  if (isOurs || certificate.subjectKey === certificate.issuerKey)
    throw new Fault('SIGNATURES-LEVEL-ISSUER', { params: { name: signer.name, issuer: certificate.issuerHolder }, status: 409 })
}
