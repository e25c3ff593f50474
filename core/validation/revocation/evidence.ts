import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'

/** Revocation data at hand: embedded in a file (DSS, CMS, XAdES), given on the command line, or fetched. */
export interface RevocationEvidence {
  /** DER CertificateList (RFC 5280 section 5); complete and delta lists mixed, any order. */
  readonly crls: readonly Buffer[]
  /** DER OCSPResponse or BasicOCSPResponse (RFC 6960 4.2.1). */
  readonly ocspResponses: readonly Buffer[]
}

/** Nothing at hand. */
export const noEvidence: RevocationEvidence = { crls: [], ocspResponses: [] }

/** Where evidence is asked for while validating or signing (OCSP, then CRL; AIA for issuers). Never throws: what failed is a finding. */
export interface RevocationSource {
  evidenceFor(certificate: Certificate, issuer: Certificate): Promise<RevocationEvidence & { readonly findings: readonly FaultDetail[] }>
  /** Issuers named by authorityInfoAccess caIssuers (RFC 5280 4.2.2.1), unchecked. */
  issuersOf(certificate: Certificate): Promise<readonly Certificate[]>
}

/**
 * How a path treats revocation.
 * `ignore`: not looked at. `known`: revoked stops the path, an unknown status is a warning. `required`: unknown stops it too.
 */
export type RevocationMode = 'ignore' | 'known' | 'required'

/** What is known of one certificate of a path. */
export interface RevocationStatus {
  /** SHA-256 of the certificate, lower-case hex. */
  readonly certificate: string
  readonly name: string
  /** `not-needed`: an anchor, or ocsp-nocheck, or a short-lived certificate. `not-offered`: the certificate names no place to ask. */
  readonly status: 'good' | 'revoked' | 'unknown' | 'not-needed' | 'not-offered'
  readonly source: 'ocsp' | 'crl' | 'none'
  /** ISO times of the evidence used. */
  readonly producedAt: string | null
  readonly thisUpdate: string | null
  readonly nextUpdate: string | null
  readonly revokedAt: string | null
  /** CRLReason (RFC 5280 5.3.1) by name: `keyCompromise`. */
  readonly reason: string | null
}
