import type { CompanyContext } from '../../../core/access/context.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Key } from '../../../core/signing/key.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { isEndEntity, keyUsageOf } from '../../../core/validation/certificate/extensions.js'
import { asksMandate, type MandatesNow } from '../law/mandates.js'

/** A key that may sign for a taxpayer now, and why it and no other was taken. */
export interface ChosenKey {
  readonly key: Key
  readonly certificate: Certificate
  readonly why: 'only-one' | 'named-by-company' | 'newest-certificate' | 'began-with-it'
  /** Other keys that would have done. */
  readonly others: readonly string[]
}

export interface KeyWish {
  /** Registration number of the issuer in the document (`issuer.id`). */
  readonly rin: string
  readonly now: Date
  readonly context: CompanyContext
  /** The key the company named in its settings: taken when it fits, never when it does not. */
  readonly named?: string
  /** The key that was asked before for these documents and may still answer. */
  readonly begun?: string
  /** The company's rule about mandates and those that stand (Art. 1(5)); without it none is asked for. */
  readonly mandates?: MandatesNow
}

/**
 * The key for electronic invoices of one taxpayer: by its certificate, never the first there is. The authority refuses a signature whose
 * certificate names another taxpayer (ISFX305: submitter differs from signer), and tokens carry old and CA certificates too.
 * @throws Fault EG-SIGN-NO-KEY, or EG-SIGN-KEY-STOPPED where the key these documents were waiting for was stopped, with a detail for each
 * key that says what it lacks
 */
export function chooseKey(keys: readonly Key[], wish: KeyWish): ChosenKey {
  const lacking: FaultDetail[] = []
  const able: { readonly key: Key; readonly certificate: Certificate }[] = []
  const before = keys.find(({ id }) => id === wish.named)
  for (const key of keys) {
    const certificate = certificateOf(key)
    const lacks = certificate === undefined ? [{ code: 'EG-KEY-NO-CERTIFICATE' }] : shortcomings(key, certificate, wish)
    const asked = key.id === wish.named || key.id === wish.begun
    // Another key than the one that was named is a person's decision; a renewal is the same key.
    if (!asked && before !== undefined && !key.publicKey.equals(before.publicKey)) lacks.push({ code: 'EG-KEY-NOT-NAMED' })
    else if (!asked && standsInForDevice(key, keys, wish.rin)) lacks.push({ code: 'EG-KEY-SOFTWARE' })
    if (certificate !== undefined && lacks.length === 0) able.push({ key, certificate })
    else lacking.push(...lacks.map((lack) => ({ ...lack, params: { ...lack.params, name: key.name } })))
  }
  // The newest certificate first: after a renewal the old one is still valid for weeks.
  able.sort((one, other) => other.certificate.notBefore.getTime() - one.certificate.notBefore.getTime())
  const begun = able.find(({ key }) => key.id === wish.begun)
  const named = able.find(({ key }) => key.id === wish.named)
  const chosen = begun ?? named ?? able[0]
  if (chosen === undefined) {
    const stopped = keys.find(({ id, state }) => state === 'stopped' && (id === wish.begun || id === wish.named))
    const first: FaultDetail =
      stopped === undefined
        ? { code: 'EG-SIGN-NO-KEY', params: { rin: wish.rin, count: keys.length } }
        : { code: 'EG-SIGN-KEY-STOPPED', params: { name: stopped.name, reason: stopped.stopped?.reason ?? '' } }
    throw new Fault(first.code, {
      status: 409,
      details: [first, ...lacking],
      ...(first.params === undefined ? {} : { params: first.params }),
    })
  }
  const others = able.filter((one) => one !== chosen).map(({ key }) => key.id)
  const why =
    begun !== undefined
      ? 'began-with-it'
      : named !== undefined
        ? 'named-by-company'
        : others.length === 0
          ? 'only-one'
          : 'newest-certificate'
  return { ...chosen, why, others }
}

/**
 * Whether the key lies in software while the company signs, or signed, for this taxpayer with a device (Executive Regulations 109/2005
 * Art. 10): a lost token must not turn its signatures into weaker ones unasked. Such a key signs when the company names it.
 */
export function standsInForDevice(key: Key, keys: readonly Key[], rin: string): boolean {
  if (key.provider !== 'software') return false
  return keys.some((other) => {
    const certificate = other.provider === 'software' ? undefined : certificateOf(other)
    return certificate !== undefined && other.purposes.includes('stamp-e-invoice') && taxpayersOf(certificate).includes(rin)
  })
}

function certificateOf(key: Key): Certificate | undefined {
  const [own] = key.certificates
  if (own === undefined) return undefined
  try {
    return readCertificate(own)
  } catch {
    return undefined
  }
}

/** Everything that keeps the key from signing, so that a person mends it in one go. */
export function shortcomings(
  key: Key,
  certificate: Certificate,
  wish: Pick<KeyWish, 'rin' | 'now' | 'context' | 'mandates'>,
): FaultDetail[] {
  const lacks: FaultDetail[] = []
  const lack = (code: string, params: Record<string, string> = {}): void => void lacks.push({ code, params })
  if (key.state !== 'active') lack('EG-KEY-STOPPED')
  if (!key.purposes.includes('stamp-e-invoice')) lack('EG-KEY-PURPOSE')
  // ITIDA's format is RSA with PKCS#1 v1.5 and SHA-256.
  if (!key.algorithm.startsWith('rsa-')) lack('EG-KEY-ALGORITHM', { algorithm: key.algorithm })
  const { holder } = key.access ?? {}
  const { actor } = wish.context
  if (holder !== undefined && !(actor.kind === 'user' && actor.id === holder.id)) lack('EG-KEY-HOLDER', { holder: holder.name })
  if (wish.now > certificate.notAfter) lack('EG-KEY-EXPIRED', { until: day(certificate.notAfter) })
  if (wish.now < certificate.notBefore) lack('EG-KEY-NOT-YET-VALID', { from: day(certificate.notBefore) })
  const until = key.limits?.until
  if (until !== undefined && wish.now > until) lack('EG-KEY-EXPIRED', { until: day(until) })
  if (!isEndEntity(certificate)) lack('EG-KEY-AUTHORITY')
  if (!maySign(certificate)) lack('EG-KEY-USAGE')
  const found = taxpayersOf(certificate)
  if (!found.includes(wish.rin)) lack('EG-KEY-TAXPAYER', { rin: wish.rin, found: found.join(', ') || '—' })
  const { mandates } = wish
  if (mandates !== undefined && asksMandate(mandates.rule, certificate) && !mandates.standing.has(key.id))
    lack('EG-KEY-MANDATE', { holder: certificate.holder })
  return lacks
}

/** keyUsage digitalSignature or nonRepudiation (RFC 5280 4.2.1.3 bits 0, 1); a certificate that says nothing is none of a licensed authority. */
export function maySign(certificate: Certificate): boolean {
  const usage = keyUsageOf(certificate)
  return usage !== undefined && (usage(0) || usage(1))
}

const organizationIdentifier = '2.5.4.97'
const serialNumber = '2.5.4.5'

/**
 * Registration numbers a certificate names: `VATEG-113317713` in organizationIdentifier (2.5.4.97), where licensed authorities write it and
 * the tax authority looks for it; only a certificate without that attribute is read by its serialNumber. The whole value counts: a
 * number inside a longer text names nobody.
 */
export function taxpayersOf(certificate: Certificate): readonly string[] {
  const valuesOf = (oid: string): string[] =>
    certificate.subjectAttributes.filter((attribute) => attribute.oid === oid).map(({ value }) => value.trim())
  const identifiers = valuesOf(organizationIdentifier)
  return (identifiers.length > 0 ? identifiers : valuesOf(serialNumber)).flatMap((value) => {
    const number = /^VATEG-(\d{9}|\d{3}-\d{3}-\d{3})$/i.exec(value)?.[1]
    return number === undefined ? [] : [number.replaceAll('-', '')]
  })
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
