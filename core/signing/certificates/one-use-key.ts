import { createHash, sign } from 'node:crypto'
import { Fault } from '../../i18n/fault.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { verifyDigestSignature } from '../../validation/ecdsa.js'
import { generateKeyMaterial } from '../keys/software/key-material.js'
import type { CertificateRequestSubject, Signer } from '../signing-service.js'
import { issueCertificate } from './issue-certificate.js'

/** Whom a certificate for one signature names, and what it says of how the person was known. */
export interface OneUseSubject {
  readonly name: CertificateRequestSubject['name']
  readonly emails: readonly string[]
  readonly policies: readonly { readonly oid: string; readonly notice?: string }[]
  readonly notBefore: Date
  readonly notAfter: Date
}

/** A key that signs one document and is then gone; its certificate stays. */
export interface OneUseKey {
  readonly signer: Signer
  readonly certificate: Buffer
  /** Lower-case hex. */
  readonly serial: string
}

/** A life up to this length is short-term (ETSI EN 319 412-1 5.2 with EN 319 411-1 REV-6.2.4-03A: shorter than it takes to revoke). */
const shortTermMilliseconds = 25 * 3_600_000

/**
 * A P-256 key in memory with a certificate of the authority, for one signature: the private key is let go with the first
 * signature, so nobody can ever make a second one in this name.
 * @param authority signer of the authority's key with its own certificate first
 */
export async function makeOneUseKey(authority: Signer, subject: OneUseSubject): Promise<OneUseKey> {
  const [root] = authority.certificates
  if (root === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: 'authority' }, status: 409 })
  const issuer = readCertificate(root)
  const material = await generateKeyMaterial('ec-p256')
  const { publicKey } = material
  let privateKey: typeof material.privateKey | undefined = material.privateKey
  const life = subject.notAfter.getTime() - subject.notBefore.getTime()
  const { der, serial } = await issueCertificate(
    { name: issuer.subjectDer, publicKey: issuer.spki, signer: authority },
    {
      subject: subject.name,
      publicKey,
      notBefore: subject.notBefore,
      notAfter: subject.notAfter,
      keyUsage: ['digitalSignature', 'nonRepudiation'],
      emails: subject.emails,
      policies: subject.policies,
      withoutStatus: true,
      shortTerm: life <= shortTermMilliseconds,
    },
  )
  const signMessage = (message: Uint8Array): Promise<Buffer> => {
    const key = privateKey
    privateKey = undefined
    if (key === undefined) return Promise.reject(new Fault('SIGN-ONE-USE-SPENT', { status: 409 }))
    const signature = sign('sha256', message, key)
    const digest = createHash('sha256').update(message).digest()
    const check = { publicKeySpki: publicKey, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest, signature, message } as const
    if (!verifyDigestSignature(check)) return Promise.reject(new Fault('SIGN-SIGNATURE-WRONG', { params: { name: serial }, status: 502 }))
    return Promise.resolve(signature)
  }
  const signer: Signer = {
    algorithm: 'ec-p256',
    scheme: 'ecdsa',
    digestAlgorithm: 'sha256',
    certificates: [der, ...authority.certificates],
    // Formats that hold the bytes hash here; a bare digest would be hashed twice.
    signDigest: () => Promise.reject(new Fault('SIGN-DIGEST-LENGTH', { params: { digest: 'sha256', length: 0 } })),
    signMessage,
  }
  return { signer, certificate: der, serial }
}
