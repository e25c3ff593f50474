import { Fault } from '../../../i18n/fault.js'
import { readCertificate } from '../../../validation/certificate/certificate.js'
import type { PdfDocument } from '../../../validation/pdf/document.js'
import { nameOf, PdfName, PdfString, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'
import { textOf } from '../../../validation/pdf/text-string.js'
import type { Signer } from '../../signing-service.js'
import type { PdfLevel } from './level.js'

/** What is about to be written, as far as a field may have wishes about it. */
export interface PlannedSignature {
  readonly fieldName: string
  readonly signer: Signer
  readonly level: PdfLevel
  readonly reason: string | undefined
  readonly certify: 1 | 2 | 3 | undefined
}

/** Bits of Ff: the constraint must be met (ISO 32000-2 table 237). */
const required = {
  Filter: 1,
  SubFilter: 2,
  V: 4,
  Reasons: 8,
  LegalAttestation: 16,
  AddRevInfo: 32,
  DigestMethod: 64,
  LockDocument: 128,
  AppearanceFilter: 256,
}

/**
 * Holds a planned signature against the seed values of its field (ISO 32000-2 12.7.5.5). What the field only wishes is met
 * where nothing else was said; what it demands and cannot have is a fault.
 * @returns the certification level: as planned, or the one the field asks for
 * @throws Fault SIGN-PDF-SEED-VALUE
 */
export function meetSeedValues(document: PdfDocument, field: PdfDictionary, planned: PlannedSignature): 1 | 2 | 3 | undefined {
  const seed = document.dictionary(field.get('SV'))
  if (seed === undefined) return planned.certify
  const refuse = (constraint: string, wanted: string): Fault =>
    new Fault('SIGN-PDF-SEED-VALUE', { params: { field: planned.fieldName, constraint, wanted } })
  const flags = document.resolve(seed.get('Ff'))
  const demands = (constraint: keyof typeof required): boolean => typeof flags === 'number' && (flags & required[constraint]) !== 0
  const texts = (key: string): string[] => (document.array(seed.get(key)) ?? []).map((one) => wordOf(document.resolve(one)))

  const filter = nameOf(document.resolve(seed.get('Filter')))
  if (demands('Filter') && filter !== undefined && filter !== 'Adobe.PPKLite') throw refuse('Filter', filter)
  const subFilters = texts('SubFilter')
  if (demands('SubFilter') && subFilters.length > 0 && !subFilters.includes('ETSI.CAdES.detached'))
    throw refuse('SubFilter', subFilters.join(', '))
  const digests = texts('DigestMethod').map((digest) => digest.replace('-', '').toLowerCase())
  if (demands('DigestMethod') && digests.length > 0 && !digests.includes(planned.signer.digestAlgorithm))
    throw refuse('DigestMethod', digests.join(', '))
  const version = document.resolve(seed.get('V'))
  if (demands('V') && typeof version === 'number' && version > 3) throw refuse('V', String(version))
  if (demands('Reasons')) checkReason(texts('Reasons'), planned.reason, refuse)
  if (demands('AddRevInfo') && document.resolve(seed.get('AddRevInfo')) === true && (planned.level === 'B' || planned.level === 'T'))
    throw refuse('AddRevInfo', 'LT')
  const stamp = document.dictionary(seed.get('TimeStamp'))
  if (stamp !== undefined && document.resolve(stamp.get('Ff')) === 1 && planned.level === 'B') throw refuse('TimeStamp', 'T')
  const lockDocument = nameOf(document.resolve(seed.get('LockDocument')))
  if (demands('LockDocument') && lockDocument === 'true') throw refuse('LockDocument', lockDocument)
  if (demands('LegalAttestation')) throw refuse('LegalAttestation', texts('LegalAttestation').join(', '))
  if (demands('AppearanceFilter')) throw refuse('AppearanceFilter', wordOf(document.resolve(seed.get('AppearanceFilter'))))
  checkCertificate(document, seed, planned.signer, refuse)

  const permission = document.resolve(document.dictionary(seed.get('MDP'))?.get('P'))
  // MDP binds without a flag: 0 wants an approval, 1 to 3 the certification of that level.
  if (permission === 0 && planned.certify !== undefined) throw refuse('MDP', '0')
  if (permission !== 1 && permission !== 2 && permission !== 3) return planned.certify
  if (planned.certify !== undefined && planned.certify !== permission) throw refuse('MDP', String(permission))
  return permission
}

type Refuse = (constraint: string, wanted: string) => Fault

/** A single full stop, or no list, means that no reason may be given. */
function checkReason(reasons: readonly string[], reason: string | undefined, refuse: Refuse): void {
  const isForbidden = reasons.length === 0 || (reasons.length === 1 && reasons[0] === '.')
  if (isForbidden ? reason !== undefined : reason === undefined || !reasons.includes(reason)) throw refuse('Reasons', reasons.join(', '))
}

/** Certificate seed values (ISO 32000-2 table 238): subject and issuer certificates; any other demand is one too many. */
function checkCertificate(document: PdfDocument, seed: PdfDictionary, signer: Signer, refuse: Refuse): void {
  const wanted = document.dictionary(seed.get('Cert'))
  const flags = document.resolve(wanted?.get('Ff'))
  if (wanted === undefined || typeof flags !== 'number' || flags === 0) return
  const listed = (key: string): Buffer[] =>
    (document.array(wanted.get(key)) ?? []).flatMap((one) => {
      const value = document.resolve(one)
      return value instanceof PdfString ? [value.bytes] : []
    })
  const [own, ...issuers] = signer.certificates
  const holds = (certificate: Buffer, list: readonly Buffer[]): boolean => list.some((one) => one.equals(certificate))
  const holders = (list: readonly Buffer[]): string => list.map((der) => readCertificate(der).holder).join(', ')
  const subjects = listed('Subject')
  if ((flags & 1) !== 0 && subjects.length > 0 && (own === undefined || !holds(own, subjects)))
    throw refuse('Cert.Subject', holders(subjects))
  const allowed = listed('Issuer')
  if ((flags & 2) !== 0 && allowed.length > 0 && !issuers.some((issuer) => holds(issuer, allowed)))
    throw refuse('Cert.Issuer', holders(allowed))
  if ((flags & ~3) !== 0) throw refuse('Cert', String(flags))
}

function wordOf(value: PdfValue): string {
  if (value instanceof PdfName) return value.value
  return value instanceof PdfString ? textOf(value) : ''
}
