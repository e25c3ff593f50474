import { createHash } from 'node:crypto'
import type { ProvenEvent } from '../../../core/audit/audit.js'
import { describeCertificate } from '../../../core/validation/certificate/certificate-description.js'
import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import { canonicalHash } from '../canonical/canonical-text.js'
import { articleAnswers, type Findings } from './article-answers.js'
import { pointsOf } from './dossier-points.js'
import type { CertificateInReport, DossierReport, TimeInDossier } from './dossier-report.js'
import type { DossierSources } from './dossier-sources.js'
import { lintCertificate, redacted } from './lint-certificate.js'
import { cairoDay } from '../data/cairo-day.js'
import { isOver } from './time-stamps.js'

/** Judges what was read, point by point of Art. 7 and article by article. Computes and asks nobody: the same sources give the same report. */
export function writeReport(sources: DossierSources, madeAt: Date): DossierReport {
  const { bytes, examined, filed, signature, path, basis } = sources
  const part = {
    lint: bytes.certificate === undefined ? [] : lintCertificate(bytes.certificate.der),
    times: timesInDossier(sources),
    awaitedTimes: sources.times.awaited.map(({ url, problem, attempts }) => ({ url, problem, attempts })),
    revocation: sources.revocation.told,
    revocationMissing: sources.revocation.missing,
    textSha256: bytes.text === undefined ? null : canonicalHash(bytes.text),
    log: sources.log.told,
    device: sources.device,
  }
  const findings: Findings = {
    bytes,
    changed: !examined.equals(filed),
    path,
    basis,
    report: part,
    evidence: signature.evidence,
    loggedHash: loggedHash(sources.extract.events),
    seen: seenAtDesk(sources.extract.events),
    keyStopped: sources.key?.stopped ?? null,
  }
  return {
    number: sources.number,
    madeAt: madeAt.toISOString(),
    examined: sources.presented ? 'presented' : 'filed',
    documentSha256: sha256(examined),
    filedSha256: sha256(filed),
    ...part,
    points: pointsOf(findings),
    articles: articleAnswers(findings, cairoDay(signature.signedAt)),
    basis,
    basisWhenSigned: signature.basis,
    signedAt: bytes.signingTime?.toISOString() ?? null,
    signer: bytes.certificate === undefined ? '—' : redacted(bytes.certificate.subject),
    issuer: bytes.certificate?.issuer ?? '—',
    path: path.map(certificateInReport),
    examination: sources.examination ?? null,
    evidence: signature.evidence,
  }
}

function timesInDossier({ times, bytes }: DossierSources): TimeInDossier[] {
  return times.proven.map(({ authority, at, dependence, trusted, token }, index) => ({
    authority,
    at: at.toISOString(),
    file: `time-stamps/${String(index + 1)}.tst`,
    dependence,
    trusted,
    over: bytes.signatureValue !== undefined && isOver(token, bytes.signatureValue),
  }))
}

function certificateInReport(certificate: Certificate): CertificateInReport {
  const { key, notBefore, notAfter, selfSigned } = describeCertificate(certificate)
  return {
    subject: redacted(certificate.subject),
    names: certificate.subjectAttributes.map(({ type, value }) => ({ type, value: redacted(value) })),
    sha256: certificate.sha256,
    key,
    notBefore,
    notAfter,
    selfSigned,
  }
}

/** The hash that the key was asked to sign for, as the log has it: the last use counts, an earlier one was asked in vain. */
function loggedHash(events: readonly ProvenEvent[]): string | null {
  const hash = lastFact(events, 'key.used', 'documentHash')
  return typeof hash === 'string' ? hash : null
}

/** What the desk that answered said its person saw of this document, as the log has it. */
function seenAtDesk(events: readonly ProvenEvent[]): Findings['seen'] {
  const seen = lastFact(events, 'agent.request-answered', 'seen')
  return seen === 'opened' || seen === 'listed' ? seen : null
}

function lastFact(events: readonly ProvenEvent[], action: string, name: string): unknown {
  const facts = events.findLast(({ hashed }) => hashed.action === action)?.hashed.facts
  return typeof facts === 'object' && facts !== null ? Reflect.get(facts, name) : undefined
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
