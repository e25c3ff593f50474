import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { RunAgain } from '../../../core/jobs/jobs.js'
import { configuredEvidence } from '../../../core/signing/configured-authorities.js'
import { proofOfRevocation } from '../../../core/signing/revocation/collect-evidence.js'
import { keptCertificates } from './kept-certificates.js'
import { stampAnswersSoon } from './revocation-stamps.js'

export const revocationJob = 'compliance-egypt.keep-revocation'

export interface RevocationPayload {
  /** SHA-256 of the signer's certificates, signer first, as they are kept. */
  readonly path: readonly string[]
  /** When it signed. */
  readonly at: string
}

export interface KeptStatus {
  readonly checkedAt: Date
  readonly crls: readonly Buffer[]
  readonly ocspResponses: readonly Buffer[]
  /** What they say against a certificate of the path (SIGN-CERT-REVOKED); null: nothing. */
  readonly finding: FaultDetail | null
}

/** Lists and OCSP answers of a path, and what was found in them. */
export type Answers = Omit<KeptStatus, 'checkedAt'>

/** Signatures of one minute share one question: nobody's servers are asked for each. */
const afterSigningMs = 60_000
const againMs = 15 * 60_000
/** An authority that is silent for so long has other troubles; the dossier asks it once more and says that nothing was kept. */
const patienceMs = 7 * 86_400_000

/** Asks soon what the authorities say of the certificate that has just signed (Art. 3(e)); filing goes on without waiting for it. */
export async function askForStatus(host: Host, transaction: CompanyTransaction, path: readonly string[]): Promise<void> {
  const [own] = path
  if (own === undefined) return
  const now = host.now()
  const payload: RevocationPayload = { path, at: now.toISOString() }
  const runAt = new Date(now.getTime() + afterSigningMs)
  await host.jobs.add(transaction, revocationJob, payload, { key: `${revocationJob}:${own}`, runAt, priority: 60 })
}

/**
 * Asks the servers that the path's certificates name. That one was revoked is an answer like the others, and comes with its proof.
 * @throws Fault SIGN-REVOCATION-UNAVAILABLE, SIGN-CHAIN-INCOMPLETE
 */
export async function askAnswers(host: Host, path: readonly Buffer[], at: Date): Promise<Answers> {
  try {
    return { ...(await configuredEvidence(host)([path], at)), finding: null }
  } catch (error) {
    const proof = error instanceof Fault ? proofOfRevocation(error) : undefined
    if (!(error instanceof Fault) || proof === undefined) throw error
    return { ...proof, finding: { code: error.code, params: error.params } }
  }
}

/** Keeps answers by their bytes, once, as what was said of a signer's certificate now; archives of time are asked to stamp them. */
export async function keepAnswers(host: Host, transaction: CompanyTransaction, own: string, found: Answers): Promise<void> {
  const answers = [...found.crls.map((der) => answer('crl', der)), ...found.ocspResponses.map((der) => answer('ocsp', der))]
  if (answers.length === 0) return
  const { knex, companyId } = transaction
  await knex('compliance_egypt_revocation')
    .insert(answers.map((one) => ({ company_id: companyId, ...one })))
    .onConflict(['company_id', 'sha256'])
    .ignore()
  await knex('compliance_egypt_status_check')
    .insert({
      company_id: companyId,
      certificate_sha256: own,
      checked_at: host.now(),
      answers: JSON.stringify(answers.map(({ sha256 }) => sha256)),
      finding: found.finding === null ? null : JSON.stringify(found.finding),
    })
    .onConflict(['company_id', 'certificate_sha256', 'checked_at'])
    .ignore()
  await stampAnswersSoon(
    host,
    transaction,
    answers.map(({ sha256 }) => sha256),
  )
}

/**
 * The job: lists and OCSP answers of the whole path, those that say a certificate is revoked like those that say it is good.
 * @throws RunAgain when an authority does not answer
 */
export async function keepRevocation(host: Host, context: CompanyContext, { path, at }: RevocationPayload): Promise<void> {
  const [own] = path
  if (own === undefined) return
  const signedAt = new Date(at)
  const certificates = await host.db.company(context.companyId, async (transaction) =>
    (await statusAfter(transaction, own, signedAt)) === undefined ? keptCertificates(transaction, path) : [],
  )
  if (certificates[0]?.sha256 !== own) return
  let found: Answers
  try {
    found = await askAnswers(
      host,
      certificates.map(({ der }) => der),
      signedAt,
    )
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const now = host.now().getTime()
    // A chain that is not whole does not mend by waiting.
    if (error.code !== 'SIGN-REVOCATION-UNAVAILABLE' || now - signedAt.getTime() > patienceMs) return
    throw new RunAgain(new Date(now + againMs), error.code)
  }
  await host.db.company(context.companyId, (transaction) => keepAnswers(host, transaction, own, found))
}

/** What was kept for a certificate at its first question after a signature; undefined: nothing was. */
export async function keptStatus(
  transaction: CompanyTransaction,
  certificateSha256: string,
  signedAt: Date,
): Promise<KeptStatus | undefined> {
  const check = await statusAfter(transaction, certificateSha256, signedAt)
  if (check === undefined) return undefined
  const rows = await transaction
    .knex('compliance_egypt_revocation')
    .where({ company_id: transaction.companyId })
    .whereIn('sha256', [...check.answers])
    .select<{ kind: 'crl' | 'ocsp'; der: Buffer }[]>('kind', 'der')
  const of = (kind: 'crl' | 'ocsp'): Buffer[] => rows.filter((row) => row.kind === kind).map(({ der }) => der)
  return { checkedAt: check.checked_at, crls: of('crl'), ocspResponses: of('ocsp'), finding: findingAt(check.finding, signedAt) }
}

/** What was revoked only after a signature was made was good when it was made. */
function findingAt(finding: FaultDetail | null, signedAt: Date): FaultDetail | null {
  const since = finding?.params?.at
  return typeof since === 'string' && Date.parse(since) > signedAt.getTime() ? null : finding
}

interface StatusCheck {
  readonly checked_at: Date
  readonly answers: readonly string[]
  readonly finding: FaultDetail | null
}

function statusAfter({ knex, companyId }: CompanyTransaction, certificateSha256: string, at: Date): Promise<StatusCheck | undefined> {
  return knex('compliance_egypt_status_check')
    .where({ company_id: companyId, certificate_sha256: certificateSha256 })
    .where('checked_at', '>=', at)
    .orderBy('checked_at')
    .first<StatusCheck | undefined>('checked_at', 'answers', 'finding')
}

function answer(kind: 'crl' | 'ocsp', der: Buffer): { kind: 'crl' | 'ocsp'; der: Buffer; sha256: string } {
  return { kind, der, sha256: createHash('sha256').update(der).digest('hex') }
}
