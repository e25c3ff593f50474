import type { RevocationSource } from '../../../validation/revocation/evidence.js'
import { collectEvidence, type CollectedEvidence } from '../../revocation/collect-evidence.js'

export type { CollectedEvidence } from '../../revocation/collect-evidence.js'

/** Baseline levels of PAdES (ETSI EN 319 142-1 clause 6): plain, time-stamped, with validation data, with archive time stamp. */
export type PdfLevel = 'B' | 'T' | 'LT' | 'LTA'

/**
 * Gathers evidence for several certificate paths, each leaf first. Incomplete evidence is a fault, never less of it.
 * @throws Fault SIGN-REVOCATION-UNAVAILABLE, SIGN-CERT-REVOKED, SIGN-CHAIN-INCOMPLETE
 */
export type EvidenceFor = (paths: readonly (readonly Buffer[])[], at: Date) => Promise<CollectedEvidence>

/** Evidence from a source that asks OCSP, CRL and AIA servers; anchors in DER. */
export function evidenceFrom(source: RevocationSource, anchors: readonly Buffer[] = []): EvidenceFor {
  return (certificates, at) => collectEvidence({ certificates, source, anchors, at })
}
