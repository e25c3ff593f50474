import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { configuredTimeStamp } from '../../../../core/signing/configured-authorities.js'
import { signPdf } from '../../../../core/signing/formats/pades/sign-pdf.js'
import type { Key, KeyUse } from '../../../../core/signing/key.js'
import type { Signer } from '../../../../core/signing/signing-service.js'
import { readCertificate } from '../../../../core/validation/certificate/certificate.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { signaturesSettings, type SignaturesSettings } from '../../models/settings.js'
import { recordEvent } from '../events.js'
import { afterSigner } from '../requests/after-signer.js'
import { requestHappened } from '../requests/happened.js'
import { moveSigner } from '../requests/states.js'
import { readRequest, signerOfRequest } from '../request-rows.js'
import { detailOf, faultOf, mayPass, pauseAfter } from './fault-kinds.js'
import { writtenFields, type Submitted } from './fills.js'
import { requireLevel } from './level.js'
import { oneUseSigner } from './one-use-signer.js'
import { readSubmitted } from './read-submitted.js'
import { leaseOf, readSigning, updateSigning, type CertificateIssuerKind, type SigningRow } from './signing-rows.js'

/** So long nobody else signs while an own key that may answer late was asked. */
const leaseMilliseconds = 30 * 60_000

/** Somebody else signed while this signature was made: it is made anew over what stands now. */
const mostRounds = 20

/** Where a submission stands after a try. */
export interface SigningOutcome {
  readonly signer: RequestSigner
  /** When it is worth trying again by itself; absent when it is done or a person must act. */
  readonly again?: { readonly at: Date; readonly code: string }
}

interface Prepared {
  readonly submitted: Submitted
  readonly row: SigningRow
  readonly settings: SignaturesSettings
  readonly key: Key | undefined
  readonly base: string
  readonly head: Buffer
  readonly signedAt: Date
}

/** Requests whose document is being signed by this process: its signers wait for each other instead of making what is thrown away. */
const underway = new Map<string, Promise<unknown>>()

async function inTurn<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
  const before = underway.get(key) ?? Promise.resolve()
  const turn = before.then(work, work)
  const settled = turn.catch(() => undefined)
  underway.set(key, settled)
  try {
    return await turn
  } finally {
    if (underway.get(key) === settled) underway.delete(key)
  }
}

/**
 * Makes the signature of a signer who has submitted. It may be called again at any time and by any process: a signature that stands is
 * found, one that was prepared for a key that answers late is prepared as it was, and of two that are made at once one becomes
 * the document's. The bytes that were the document before stay an exact prefix of it.
 *
 * What fails is written to the signer: what may pass is tried again, what only the signer can mend leads him back to his page.
 */
export async function signSubmitted(host: Host, context: CompanyContext, requestId: string, signerId: string): Promise<SigningOutcome> {
  try {
    for (let round = 0; round < mostRounds; round++) {
      const prepared = await host.db.company(context.companyId, (transaction) => prepare(host, context, transaction, requestId, signerId))
      if (!('head' in prepared)) return { signer: prepared }
      // An own key may take minutes to answer; its lease keeps the others off.
      const outcome =
        prepared.key === undefined ? await inTurn(requestId, () => make(host, context, prepared)) : await make(host, context, prepared)
      if (outcome !== 'overtaken') return { signer: outcome }
    }
    throw new Fault('SIGNATURES-DOCUMENT-BUSY', { status: 409, params: { name: '' } })
  } catch (error) {
    const fault = faultOf(error, 'SIGNATURES-SIGNING-UNEXPECTED')
    return host.db.company(context.companyId, (transaction) => failed(host, context, transaction, { requestId, signerId, fault }))
  }
}

async function prepare(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  requestId: string,
  signerId: string,
): Promise<Prepared | RequestSigner> {
  const request = await readRequest(transaction, requestId, { lock: true })
  const signer = signerOfRequest(request, signerId)
  const row = await readSigning(transaction, signerId)
  if (signer.state !== 'submitted' || row === undefined) return signer
  if (request.state !== 'sent' || request.headSha256 === null)
    throw new Fault('SIGNATURES-REQUEST-CLOSED', { status: 409, params: { number: request.number } })
  const now = host.now()
  const lease = await leaseOf(transaction, requestId, signerId, now)
  if (lease !== undefined) {
    const other = request.signers.find((one) => one.id === lease.signerId)
    throw new Fault('SIGNATURES-DOCUMENT-BUSY', { status: 409, params: { name: other?.name ?? '', until: lease.until.toISOString() } })
  }
  const base = request.headSha256
  const isPrepared = row.base_sha256 === base && row.prepared_at !== null
  const signedAt = isPrepared && row.prepared_at !== null ? row.prepared_at : now
  const key = signer.keyId === null ? undefined : await host.signing.key(transaction, signer.keyId)
  if (!isPrepared) {
    // The lease begins with what is prepared and is not made longer by asking again: who never answers stops nobody for ever.
    const leasedUntil = key === undefined ? null : new Date(now.getTime() + leaseMilliseconds)
    await updateSigning(transaction, signerId, { base_sha256: base, prepared_at: signedAt, leased_until: leasedUntil })
  }
  const company = await host.access.company(context.companyId)
  const submitted = await readSubmitted(host, transaction, request, signer, company)
  const settings = signaturesSettings.parse(await host.settings.get(transaction, 'signatures'))
  const { bytes } = await host.files.get(transaction, base)
  return { submitted, row, settings, key, base, head: bytes, signedAt }
}

async function make(host: Host, context: CompanyContext, prepared: Prepared): Promise<RequestSigner | 'overtaken'> {
  const { submitted, settings, base, head, signedAt } = prepared
  const { request, signer } = submitted
  const timeStamp = settings.timeStamps === 'none' ? undefined : configuredTimeStamp({ config: host.config, now: () => host.now() })
  const { fieldName, fill, appearance } = await writtenFields(host, submitted, signedAt)
  const opened = await openSigner(host, context, prepared)
  const signed = await signPdf(head, {
    signer: opened.signer,
    signedAt,
    fieldName,
    fill,
    name: signer.name,
    level: timeStamp === undefined ? 'B' : 'T',
    ...(timeStamp === undefined ? {} : { timeStamp }),
    ...(appearance === undefined ? {} : { appearance: { pdf: appearance } }),
  })
  const { pdf, level, stampedAt } = signed
  return host.db.company(context.companyId, (transaction) =>
    storeSignature(host, context, transaction, {
      requestId: request.id,
      signerId: signer.id,
      base,
      head,
      pdf,
      issuer: opened.issuer,
      certificate: opened.certificate,
      level,
      stampedAt,
    }),
  )
}

interface OpenedSigner {
  readonly signer: Signer
  readonly issuer: CertificateIssuerKind
  readonly certificate: Buffer
}

async function openSigner(host: Host, context: CompanyContext, { submitted, row, settings, key, base }: Prepared): Promise<OpenedSigner> {
  const { request, signer } = submitted
  await requireLevel(host, context, signer, key)
  const subject = { type: 'signatures.request', id: request.id, label: `${request.number} ${request.name}`.slice(0, 200) }
  const use: KeyUse = { purpose: 'sign-contract', subject, documentHash: base }
  if (key === undefined) {
    const made = await oneUseSigner(host, context, signer, use, { timeStamped: settings.timeStamps !== 'none' })
    return { signer: made.signer, issuer: 'host', certificate: made.certificate }
  }
  const holder = row.user_id === null ? undefined : await host.access.memberContext(context.companyId, row.user_id, context.source)
  if (holder === undefined) throw new Fault('SIGNATURES-KEY-LOGIN', { status: 403, params: { name: signer.name, key: key.name } })
  const opened = await host.signing.open(holder, key.id, use)
  const [certificate] = opened.certificates
  if (certificate === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: key.name }, status: 409 })
  return { signer: opened, issuer: 'own', certificate }
}

export interface MadeSignature {
  readonly requestId: string
  readonly signerId: string
  /** Content address of the head that was signed, and its bytes. */
  readonly base: string
  readonly head: Buffer
  readonly pdf: Buffer
  readonly issuer: CertificateIssuerKind
  readonly certificate: Buffer
  readonly level: string
  readonly stampedAt: Date | null
}

/**
 * Makes a signed revision the document of its request, under the lock of the request: only while the one that was signed is still the
 * newest, and only if that is an exact prefix of it.
 * @returns `overtaken` when somebody else's signature came first
 */
export async function storeSignature(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  made: MadeSignature,
): Promise<RequestSigner | 'overtaken'> {
  const { requestId, signerId, base, head, pdf } = made
  const request = await readRequest(transaction, requestId, { lock: true })
  const signer = signerOfRequest(request, signerId)
  if (signer.state !== 'submitted') return signer
  if (request.state !== 'sent') throw new Fault('SIGNATURES-REQUEST-CLOSED', { status: 409, params: { number: request.number } })
  if (request.headSha256 !== base) return 'overtaken'
  if (pdf.length <= head.length || !pdf.subarray(0, head.length).equals(head)) throw new Fault('SIGNATURES-NOT-A-PREFIX', { status: 500 })
  const file = await host.files.put(transaction, pdf, 'application/pdf')
  const now = host.now()
  await transaction
    .knex('signatures_request')
    .where({ company_id: transaction.companyId, id: requestId })
    .update({ head_sha256: file.sha256, updated_at: now })
  const certificate = readCertificate(made.certificate)
  const certificateSha256 = createHash('sha256').update(made.certificate).digest('hex')
  await updateSigning(transaction, signerId, {
    issuer: made.issuer,
    certificate: made.certificate,
    certificate_sha256: certificateSha256,
    certificate_serial: certificate.serialHex,
    signature_level: made.level,
    base_sha256: base,
    signed_sha256: file.sha256,
    signed_at: now,
    stamped_at: made.stampedAt,
    leased_until: null,
  })
  await moveSigner(transaction, signer, 'signed', { completed_at: now, fault: null })
  const row = await readSigning(transaction, signerId)
  await recordEvent(host, transaction, context, {
    requestId,
    type: 'signed',
    signerId,
    actor: { kind: 'signer', id: signerId, name: signer.name },
    origin: row?.origin ?? {},
    facts: {
      document: file.sha256,
      before: base,
      level: made.level,
      wanted: signer.level,
      issuer: made.issuer,
      certificate: certificateSha256,
      serial: certificate.serialHex,
      holder: certificate.holder,
      issuedBy: certificate.issuerHolder,
      stampedAt: made.stampedAt?.toISOString() ?? null,
    },
  })
  await afterSigner(host, transaction, context, requestId, signerId)
  return signerOfRequest(await readRequest(transaction, requestId), signerId)
}

async function failed(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  { requestId, signerId, fault }: { requestId: string; signerId: string; fault: Fault },
): Promise<SigningOutcome> {
  const request = await readRequest(transaction, requestId, { lock: true })
  const signer = signerOfRequest(request, signerId)
  const row = await readSigning(transaction, signerId)
  if (signer.state !== 'submitted' || row === undefined) return { signer }
  const passes = mayPass(fault.code)
  // Only the holder of an own key can mend what is wrong with it; everything else is this house's to mend, and his values stay.
  const isHis = signer.keyId !== null && !passes && request.state === 'sent' && !fault.code.startsWith('SIGN-TSA-')
  const detail = detailOf(fault)
  const attempts = row.attempts + 1
  await updateSigning(transaction, signerId, {
    attempts: isHis ? 0 : attempts,
    ...(isHis ? { leased_until: null, base_sha256: null, prepared_at: null } : {}),
  })
  const changes = { fault: detail, ...(isHis ? { submitted_at: null } : {}) }
  if (isHis) await moveSigner(transaction, signer, 'verified', changes)
  else
    await transaction
      .knex('signatures_signer')
      .where({ company_id: transaction.companyId, id: signerId })
      .update({ fault: JSON.stringify(detail) })
  // The log tells of a cause once, not once per try; that a person is waited for is no failure.
  if (signer.fault?.code !== fault.code && (isHis || !passes || fault.code.startsWith('SIGN-TSA-') || fault.code.endsWith('UNEXPECTED'))) {
    await recordEvent(host, transaction, context, {
      requestId,
      type: 'signature_failed',
      signerId,
      facts: { code: fault.code, params: fault.params },
    })
    await requestHappened(host, transaction, context, request, 'sign_request.signature.failed', signerId)
  }
  const again = passes ? { at: new Date(host.now().getTime() + pauseAfter(fault.code, attempts)), code: fault.code } : undefined
  return {
    signer: { ...signer, fault: detail, ...(isHis ? { state: 'verified' as const } : {}) },
    ...(again === undefined ? {} : { again }),
  }
}

/** Whether a request's document can still get signatures. */
export function takesSignatures(request: Pick<SignRequest, 'state' | 'expiresAt'>, now: Date): boolean {
  return request.state === 'sent' && (request.expiresAt === null || request.expiresAt > now)
}
