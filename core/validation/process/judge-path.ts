import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { checkPath, type PathAnswer } from '../certificate/path.js'
import type { RevocationEvidence, RevocationMode, RevocationSource, RevocationStatus } from '../revocation/evidence.js'
import { completeChain } from './complete-chain.js'

/** A path to be judged with the evidence there is. */
export interface PathJudgementQuestion {
  readonly certificate: Certificate
  /** Certificates that came with the signature. */
  readonly certificates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  readonly anchorStands?: (anchor: Certificate, at: Date) => boolean | undefined
  /** Time the path must hold at. */
  readonly at: Date
  /** Time of validation: evidence up to it counts. */
  readonly until: Date
  readonly extendedKeyUsage?: string
  readonly mode: RevocationMode
  /** Revocation data that came with the signature. */
  readonly evidence: RevocationEvidence
  /** Revocation data at hand beside it. */
  readonly evidenceAtHand?: RevocationEvidence
  readonly source?: RevocationSource
}

/** The path, and how well the status of its certificates is known. */
export interface PathJudgement {
  readonly path: PathAnswer
  /** Why the status of a certificate is not known, and what its servers answered instead; warnings. */
  readonly findings: readonly FaultDetail[]
  /** What came with the signature is enough: every status is good by it alone. */
  readonly selfContained: boolean
  /** A certificate below the anchor without a known status. */
  readonly open: RevocationStatus | undefined
  readonly revoked: RevocationStatus | undefined
}

/**
 * A path with its revocation (EN 319 102-1 clause 5.2.6): first by what came with the signature; only what is missing is
 * asked for, then the path is checked anew.
 */
export async function judgePath(question: PathJudgementQuestion): Promise<PathJudgement> {
  const { certificate, anchors, mode, source } = question
  const own = check(question, question.certificates, question.evidence)
  const selfContained = own.trusted && mode !== 'ignore' && own.revocation.length > 0 && own.revocation.every(isSettled)
  const findings: FaultDetail[] = []
  const evidence = question.evidenceAtHand === undefined ? question.evidence : joinedEvidence(question.evidence, question.evidenceAtHand)
  let path = evidence === question.evidence ? own : check(question, question.certificates, evidence)
  if (source !== undefined && mode !== 'ignore') {
    const certificates = path.trusted ? question.certificates : await completeChain(certificate, question.certificates, anchors, source)
    if (certificates.length > question.certificates.length) path = check(question, certificates, evidence)
    const fetched = await fetchMissing(path, source, findings)
    if (fetched !== undefined) path = check(question, certificates, joinedEvidence(evidence, fetched))
  }
  const open = path.revocation.find((status) => status.status === 'unknown' || status.status === 'not-offered')
  const revoked = path.revocation.find((status) => status.status === 'revoked')
  for (const status of path.revocation) {
    const code =
      status.status === 'unknown'
        ? 'VERIFY-REVOCATION-UNKNOWN'
        : status.status === 'not-offered'
          ? 'VERIFY-REVOCATION-NOT-OFFERED'
          : undefined
    if (code !== undefined) findings.unshift({ code, params: { name: status.name }, level: 'warning' })
    if (status.status === 'good' && status.revokedAt !== null) {
      findings.push({ code: 'VERIFY-REVOKED-LATER', params: { name: status.name, at: status.revokedAt }, level: 'warning' })
    }
  }
  return { path, findings: open === undefined ? findings.filter(isNotAboutServers) : findings, selfContained, open, revoked }
}

function joinedEvidence(left: RevocationEvidence, right: RevocationEvidence): RevocationEvidence {
  return { crls: [...left.crls, ...right.crls], ocspResponses: [...left.ocspResponses, ...right.ocspResponses] }
}

function isSettled(status: RevocationStatus): boolean {
  return status.status === 'good' || status.status === 'not-needed'
}

/** A server that failed is of interest only while a status is open. */
function isNotAboutServers(finding: FaultDetail): boolean {
  return finding.code.startsWith('VERIFY-')
}

function check(question: PathJudgementQuestion, certificates: readonly Certificate[], evidence: RevocationEvidence): PathAnswer {
  return checkPath({
    certificate: question.certificate,
    intermediates: certificates,
    anchors: question.anchors,
    ...(question.anchorStands === undefined ? {} : { anchorStands: question.anchorStands }),
    at: question.at,
    ...(question.extendedKeyUsage === undefined ? {} : { extendedKeyUsage: question.extendedKeyUsage }),
    // An unknown status is judged here, where something can still be asked for.
    ...(question.mode === 'ignore' ? {} : { revocation: { mode: 'known' as const, evidence, until: question.until } }),
  })
}

/** Asks for each certificate whose status the evidence at hand leaves open. */
async function fetchMissing(path: PathAnswer, source: RevocationSource, findings: FaultDetail[]): Promise<RevocationEvidence | undefined> {
  const crls: Buffer[] = []
  const ocspResponses: Buffer[] = []
  for (const [index, certificate] of path.chain.entries()) {
    const issuer = path.chain[index + 1]
    if (issuer === undefined || path.revocation[index]?.status !== 'unknown') continue
    const found = await source.evidenceFor(certificate, issuer)
    crls.push(...found.crls)
    ocspResponses.push(...found.ocspResponses)
    findings.push(...found.findings)
  }
  return crls.length + ocspResponses.length === 0 ? undefined : { crls, ocspResponses }
}
