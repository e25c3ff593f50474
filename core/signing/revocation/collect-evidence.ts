import { Fault, type FaultDetail } from '../../i18n/fault.js'
import { readCertificate, type Certificate } from '../../validation/certificate/certificate.js'
import { checkPath, type PathAnswer } from '../../validation/certificate/path.js'
import type { RevocationSource } from '../../validation/revocation/evidence.js'
import { completeChain } from '../../validation/process/complete-chain.js'
import { needsNoStatus } from '../../validation/revocation/revocation-check.js'
import { isNoCheck, readOcspAnswer, responderOf } from './ocsp-answer.js'

/** Certificates whose status is to be provable. */
export interface EvidenceRequest {
  /** One list per path (signer, time stamp authority), leaf first; issuers that are missing are fetched. */
  readonly certificates: readonly (readonly Buffer[])[]
  readonly source: RevocationSource
  /** DER. A path may also end in a root of its own list: whom to trust is the reader's decision, not the signer's. */
  readonly anchors: readonly Buffer[]
  /** Time of signing. */
  readonly at: Date
}

/** What a signature of level LT carries: DER, each once. */
export interface CollectedEvidence {
  readonly crls: Buffer[]
  readonly ocspResponses: Buffer[]
  /** Every certificate of the paths and of the responders. */
  readonly certificates: Buffer[]
}

/**
 * Gathers evidence for several certificate paths, each leaf first: what the formats take. Incomplete evidence is a fault.
 * @throws Fault SIGN-REVOCATION-UNAVAILABLE, SIGN-CERT-REVOKED, SIGN-CHAIN-INCOMPLETE
 */
export type EvidenceFor = (paths: readonly (readonly Buffer[])[], at: Date) => Promise<CollectedEvidence>

/** Evidence from a source that asks OCSP, CRL and AIA servers; anchors in DER. */
export function evidenceFrom(source: RevocationSource, anchors: readonly Buffer[] = []): EvidenceFor {
  return (certificates, at) => collectEvidence({ certificates, source, anchors, at })
}

/** What is behind SIGN-CERT-REVOKED: the lists and answers that say so, for whoever must prove it later. */
class RevocationProof extends Error {
  constructor(readonly evidence: CollectedEvidence) {
    super('revoked')
  }
}

/** The lists and answers by which a certificate was found revoked; undefined for a fault that does not rest on any. */
export function proofOfRevocation({ cause }: Fault): CollectedEvidence | undefined {
  return cause instanceof RevocationProof ? cause.evidence : undefined
}

/** A responder's certificate may need a status itself, its responder's again: somewhere it ends. */
const maximumDepth = 3

/**
 * Collects everything a later reader needs to judge these paths without asking anybody: their certificates and, for each
 * below its root, a good status; the same for responders that signed a status. Complete or a fault: a signature of level
 * LT is never made of half of it, and a revoked key does not sign.
 * @throws Fault SIGN-CERT-REVOKED, SIGN-REVOCATION-UNAVAILABLE, SIGN-CHAIN-INCOMPLETE
 */
export async function collectEvidence(request: EvidenceRequest): Promise<CollectedEvidence> {
  const collection = new Collection(request)
  for (const path of request.certificates) await collection.addPath(path.map((der) => readCertificate(der)))
  return collection.result()
}

class Collection {
  private readonly crls = new Map<string, Buffer>()
  private readonly ocspResponses = new Map<string, Buffer>()
  private readonly certificates = new Map<string, Buffer>()
  private readonly done = new Set<string>()
  private readonly anchors: readonly Certificate[]

  constructor(private readonly request: EvidenceRequest) {
    this.anchors = request.anchors.map((der) => readCertificate(der))
  }

  result(): CollectedEvidence {
    return {
      crls: [...this.crls.values()],
      ocspResponses: [...this.ocspResponses.values()],
      certificates: [...this.certificates.values()],
    }
  }

  async addPath(given: readonly Certificate[], depth = 0): Promise<void> {
    const [leaf, ...others] = given
    if (leaf === undefined || this.done.has(leaf.sha256)) return
    this.done.add(leaf.sha256)
    const { source, at } = this.request
    const intermediates = await completeChain(leaf, others, this.anchors, source)
    const ends = [...this.anchors, ...intermediates.filter((one) => one.subjectKey === one.issuerKey)]
    const question = { certificate: leaf, intermediates, anchors: ends, at }
    const path = checkPath(question)
    if (!path.trusted)
      throw new Fault('SIGN-CHAIN-INCOMPLETE', { params: { name: leaf.holder }, status: 409, details: detailsOf(path, leaf) })
    const findings: FaultDetail[] = []
    for (const [index, certificate] of path.chain.entries()) {
      this.certificates.set(certificate.sha256, certificate.der)
      const issuer = path.chain[index + 1]
      if (issuer !== undefined && !isNoCheck(certificate) && !needsNoStatus(certificate))
        findings.push(...(await this.addStatus(certificate, issuer, depth)))
    }
    const judged = checkPath({ ...question, revocation: { mode: 'required', evidence: this.result() } })
    const revoked = judged.revocation.find((status) => status.status === 'revoked')
    if (revoked !== undefined) {
      const params = { name: revoked.name, at: revoked.revokedAt ?? '' }
      throw new Fault('SIGN-CERT-REVOKED', { params, status: 409, cause: new RevocationProof(this.result()) })
    }
    const open = judged.revocation.find((status) => status.status === 'unknown' || status.status === 'not-offered')
    if (!judged.trusted || open !== undefined) {
      const name = open?.name ?? leaf.holder
      const head: FaultDetail = { code: 'SIGN-REVOCATION-UNAVAILABLE', params: { name } }
      throw new Fault(head.code, { params: { name }, status: 503, details: [head, ...findings] })
    }
  }

  private async addStatus(certificate: Certificate, issuer: Certificate, depth: number): Promise<readonly FaultDetail[]> {
    const found = await this.request.source.evidenceFor(certificate, issuer)
    for (const crl of found.crls) this.crls.set(crl.toString('latin1'), crl)
    for (const response of found.ocspResponses) {
      this.ocspResponses.set(response.toString('latin1'), response)
      const answer = readOcspAnswer(response)
      if (typeof answer === 'string') continue
      const responder = responderOf(answer, issuer, this.request.at)
      if (responder === undefined || responder.sha256 === issuer.sha256) continue
      this.certificates.set(responder.sha256, responder.der)
      if (!isNoCheck(responder) && depth < maximumDepth) await this.addPath([responder, issuer, ...this.anchors], depth + 1)
    }
    return found.findings
  }
}

function detailsOf(path: PathAnswer, leaf: Certificate): readonly FaultDetail[] {
  return [{ code: 'SIGN-CHAIN-INCOMPLETE', params: { name: leaf.holder } }, ...path.findings]
}
