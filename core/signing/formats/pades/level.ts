/** Baseline levels of PAdES (ETSI EN 319 142-1 clause 6): plain, time-stamped, with validation data, with archive time stamp. */
export type PdfLevel = 'B' | 'T' | 'LT' | 'LTA'

/** What later proves that certificates were good: everything in DER. */
export interface CollectedEvidence {
  readonly crls: readonly Buffer[]
  /** Complete OCSPResponse each. */
  readonly ocspResponses: readonly Buffer[]
  /** Certificates of the paths, of those who signed the evidence, and the anchors. */
  readonly certificates: readonly Buffer[]
}

/**
 * Gathers evidence for several certificate paths, each leaf first. Incomplete evidence is a fault, never less of it.
 * @throws Fault SIGN-REVOCATION-UNAVAILABLE, SIGN-CERT-REVOKED
 */
export type EvidenceFor = (paths: readonly (readonly Buffer[])[], at: Date) => Promise<CollectedEvidence>
