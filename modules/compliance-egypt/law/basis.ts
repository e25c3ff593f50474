import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import { checkPath } from '../../../core/validation/certificate/path.js'
import type { KeyEvidence } from '../signing/signature-rows.js'
import type { AcceptedAuthority, ForeignGround } from './accepted-authorities.js'

/** Ground on which a signature has force: Executive Regulations Art. 9(a), 9(b), or neither, with the reasons as codes of texts. */
export interface Basis {
  readonly basis: '9a' | '9b' | 'none'
  readonly reasons: readonly string[]
  /** Through an authority abroad: ground of Art. 21 and the decision. */
  readonly foreign?: { readonly ground: ForeignGround; readonly decision: string }
  /** What it rests on, so that it can be found again: the moment, the path and the accepted authority at its end. */
  readonly rests: BasisRests
}

export interface BasisRests {
  readonly at: string
  /** SHA-256 of the certificates, signer first. */
  readonly path: readonly string[]
  readonly authority: string | null
}

export interface BasisQuestion {
  /** Signer first. */
  readonly certificates: readonly Certificate[]
  readonly authorities: readonly AcceptedAuthority[]
  readonly control: KeyEvidence['soleControl'] | undefined
  readonly at: Date
  /** Number of ITIDA's examination certificate for this signature (Art. 7), when there is one. */
  readonly examination?: string
}

/**
 * On what ground a signature has force (Executive Regulations 109/2005 Art. 9): (a) a valid certificate of an authority that ITIDA licensed
 * or accepted, (b) an examination by ITIDA (Art. 7). Both ask for a secure system: a key on a card or HSM (Art. 1(12), 3, 10). Nothing is
 * taken from names: the path is checked with every signature up to an anchor of Egypt.
 */
export function legalBasis({ certificates, authorities, control, at, examination }: BasisQuestion): Basis {
  const reasons: string[] = []
  const [own, ...intermediates] = certificates
  const anchors = authorities.map(({ certificate }) => certificate)
  const path = own === undefined ? undefined : checkPath({ certificate: own, intermediates, anchors, at })
  const top = path?.trusted === true ? path.chain.at(-1) : undefined
  const authority = authorities.find(({ certificate }) => certificate.sha256 === top?.sha256)
  const rests: BasisRests = {
    at: at.toISOString(),
    path: certificates.map(({ sha256 }) => sha256),
    authority: authority?.certificate.sha256 ?? null,
  }
  if (authorities.length === 0) reasons.push('EG-BASIS-NO-ANCHOR')
  else if (authority === undefined) reasons.push('EG-BASIS-ISSUER-NOT-ACCEPTED')
  if (control === undefined) reasons.push('EG-BASIS-CONTROL-UNKNOWN')
  else if (control === 'outside') reasons.push('EG-BASIS-OUTSIDE-ARTICLE-10')
  else if (control === 'device-of-the-company') reasons.push('EG-BASIS-CODE-KEPT-BY-HOST')
  const secure = control === 'device-and-code' || control === 'device-of-the-company'
  if (secure && authority !== undefined) {
    const { foreign } = authority
    return { basis: '9a', reasons, rests, ...(foreign === null ? {} : { foreign: { ground: foreign.ground, decision: foreign.decision } }) }
  }
  if (secure && examination !== undefined) return { basis: '9b', reasons, rests }
  if (examination === undefined) reasons.push('EG-BASIS-NOT-EXAMINED')
  return { basis: 'none', reasons, rests }
}

/** What authorities said of the signer's certificate and its issuers, of the time of signing. */
export type CertificateStatus = 'good' | 'revoked' | 'unknown'

/**
 * The ground once it is known what authorities say of the certificates: Art. 9(a) wants a valid one, and a revoked one is none. That
 * nobody answered takes no ground away, but it is said.
 * @param examined ITIDA examined this signature (Art. 7)
 */
export function withStatus(found: Basis, status: CertificateStatus, examined: boolean): Basis {
  if (status === 'good') return found
  if (status === 'unknown') return { ...found, reasons: [...found.reasons, 'EG-BASIS-STATUS-UNKNOWN'] }
  const { foreign: _foreign, ...rest } = found
  if (found.basis !== '9a') return { ...found, reasons: [...found.reasons, 'EG-BASIS-REVOKED'] }
  const reasons = [...found.reasons, 'EG-BASIS-REVOKED', ...(examined ? [] : ['EG-BASIS-NOT-EXAMINED'])]
  return { ...rest, basis: examined ? '9b' : 'none', reasons }
}
