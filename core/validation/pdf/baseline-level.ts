import type { FaultDetail } from '../../i18n/fault.js'
import type { CmsSignerInfo, SignerCheck } from '../cms/signed-data.js'
import type { PdfDictionary } from './objects.js'
import { nameOf } from './objects.js'

/** Adobe's own place for CRLs and OCSP answers, which baseline signatures keep in the DSS instead. */
export const oidRevocationArchival = '1.2.840.113583.1.1.8'

/** What decides the level of a signature (ETSI EN 319 142-1, clause 6.3, table 1). */
export interface LevelFacts {
  /** The signature dictionary. */
  readonly signature: PdfDictionary
  readonly signer: CmsSignerInfo
  readonly check: SignerCheck
  /** M, read. */
  readonly claimed: Date | undefined
  /** An intact time stamp lies over the signature, in its CMS or as a document time stamp behind it. */
  readonly stamped: boolean
  /** Evidence for every certificate that needs it lies in the file. */
  readonly selfContained: boolean
  /** An intact document time stamp lies over the signature and that evidence. */
  readonly archived: boolean
}

/**
 * The level actually reached (ETSI EN 319 142-1 clause 6.3, table 1), and as findings what stands against the baseline
 * and why the next higher level is not reached.
 */
export function baselineLevel(facts: LevelFacts): { level: string; findings: FaultDetail[] } {
  const warning = (code: string, params: Readonly<Record<string, string>>): FaultDetail => ({ code, params, level: 'warning' })
  const subFilter = nameOf(facts.signature.get('SubFilter'))
  if (subFilter !== 'ETSI.CAdES.detached')
    return { level: 'PDF-PKCS7', findings: [warning('VERIFY-NOT-PADES', { subFilter: subFilter ?? '' })] }
  const against: string[] = []
  if (!facts.check.hasSigningCertificate) against.push('signing-certificate')
  if (facts.check.signingTime !== undefined) against.push('signing-time')
  if (facts.claimed === undefined) against.push('M')
  if (facts.signature.has('Cert')) against.push('Cert')
  if (!facts.signature.has('Filter')) against.push('Filter')
  if (facts.signer.signedAttributes?.children.some((attribute) => attribute.child(0).oid() === oidRevocationArchival) === true)
    against.push('adbe-revocationInfoArchival')
  if (against.length > 0) return { level: 'PDF-NOT-ETSI', findings: against.map((what) => warning('VERIFY-NOT-BASELINE', { what })) }
  const reached = (level: string, next?: string): { level: string; findings: FaultDetail[] } => ({
    level: `PAdES-BASELINE-${level}`,
    findings: next === undefined ? [] : [warning(`VERIFY-LEVEL-NOT-${next}`, { level: next })],
  })
  if (!facts.stamped) return reached('B', 'T')
  if (!facts.selfContained) return reached('T', 'LT')
  return facts.archived ? reached('LTA') : reached('LT', 'LTA')
}
