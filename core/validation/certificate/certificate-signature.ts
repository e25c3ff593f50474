import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { sequence } from '../../signing/der.js'
import { algorithmProblem, type AlgorithmProblem } from '../algorithm-policy.js'
import { DerElement } from '../der-reader.js'
import { signatureMethod, type Outcome } from '../signature-algorithm.js'
import type { Certificate } from './certificate.js'

/** Public key with all its parameters, ready to check with. */
export interface WorkingKey {
  readonly spki: Buffer
  readonly key: () => KeyObject
}

/** Something signed with an X.509 AlgorithmIdentifier: a certificate, a list, an OCSP response. */
export interface Signed {
  readonly tbs: Buffer
  readonly signatureAlgorithmDer: Buffer
  readonly signatureValue: Buffer
}

/** How strict algorithms are judged: by the dated policy at a time, or not at all (`any`, for measuring path logic). */
export type AlgorithmRule = { readonly at: Date } | 'any'

/** Whether the issuer's signature holds, and what is wrong with its algorithm. */
export interface SignatureAnswer {
  readonly outcome: Outcome
  readonly problem?: AlgorithmProblem
}

const dsa = '1.2.840.10040.4.1'

/** A DSA key whose parameters are its issuer's (RFC 3279 2.3.2). */
export function inheritsParameters(certificate: Certificate): boolean {
  if (certificate.publicKeyAlgorithm !== dsa) return false
  const parameters = DerElement.read(certificate.spki, 0, { whole: true }).child(0).children[1]
  return parameters === undefined || parameters.is(0x05)
}

/** working_public_key of RFC 5280 6.1.4 d to f; undefined when there is nothing to inherit. */
export function workingKey(certificate: Certificate, issuer: WorkingKey | undefined): WorkingKey | undefined {
  if (!inheritsParameters(certificate)) return { spki: certificate.spki, key: certificate.publicKey }
  if (issuer === undefined) return undefined
  const algorithm = DerElement.read(issuer.spki, 0, { whole: true }).child(0)
  if (algorithm.child(0).oid() !== dsa) return undefined
  const spki = sequence(algorithm.bytes, DerElement.read(certificate.spki, 0, { whole: true }).child(1).bytes)
  let key: KeyObject | undefined
  return { spki, key: () => (key ??= createPublicKey({ key: spki, format: 'der', type: 'spki' })) }
}

/** Outcomes of the mathematics by what was signed and the key, so that a thousand documents of one signer cost one check. */
const outcomes = new Map<string, boolean>()
const maximumOutcomes = 10_000
const identities = new WeakMap<Signed | WorkingKey, string>()

function identityOf(thing: Signed | WorkingKey): string {
  let identity = identities.get(thing)
  if (identity === undefined) {
    const hash = createHash('sha256')
    if ('tbs' in thing) hash.update(thing.signatureAlgorithmDer).update(thing.signatureValue).update(thing.tbs)
    else hash.update(thing.spki)
    identity = hash.digest('base64')
    identities.set(thing, identity)
  }
  return identity
}

/** Checks the signature of a certificate, a list or a response under a key. Bad bytes never throw. */
export function checkSigned(signed: Signed, signer: WorkingKey, rule: AlgorithmRule): SignatureAnswer {
  try {
    const { signatureAlgorithmDer: algorithm, tbs: message, signatureValue: signature } = signed
    const method = signatureMethod({ algorithm, message, spki: signer.spki, key: signer.key, signature })
    if (typeof method === 'string') return { outcome: method }
    const problem = rule === 'any' ? undefined : algorithmProblem(method.use, rule.at)
    if (problem !== undefined) return { outcome: 'weak', problem }
    const name = `${identityOf(signed)}${identityOf(signer)}`
    let valid = outcomes.get(name)
    if (valid === undefined) {
      valid = method.check()
      if (outcomes.size >= maximumOutcomes) outcomes.clear()
      outcomes.set(name, valid)
    }
    return { outcome: valid ? 'valid' : 'invalid' }
  } catch {
    return { outcome: 'invalid' }
  }
}
