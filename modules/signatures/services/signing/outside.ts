import { isDeepStrictEqual } from 'node:util'
import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { localDay } from '../../../../core/i18n/local-time.js'
import { openPdf } from '../../../../core/signing/formats/pades/open-pdf.js'
import { fillFormFields } from '../../../../core/signing/formats/pades/forms/fill-form-fields.js'
import { readSignedData, signerCertificate } from '../../../../core/validation/cms/signed-data.js'
import { MalformedDer } from '../../../../core/validation/der-reader.js'
import { explainChanges } from '../../../../core/validation/pdf/changes/explain-changes.js'
import { PdfDocument } from '../../../../core/validation/pdf/document.js'
import { MalformedPdf } from '../../../../core/validation/pdf/objects.js'
import type { SignatureVerdict } from '../../../../core/validation/verdict.js'
import type { TemplateField } from '../../models/field.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { signaturesSettings } from '../../models/settings.js'
import { recordEvent } from '../events.js'
import { planFields, signatureFieldName } from '../requests/pdf-fields.js'
import { moveSigner, requireVersion, stored } from '../requests/states.js'
import { readRequest, signerOfRequest } from '../request-rows.js'
import { writtenFields, type Submitted } from './fills.js'
import { requireOutsideIssuer } from './level.js'
import { readSubmitted } from './read-submitted.js'
import { anchorsFor } from './sealed-document.js'
import { storeSignature } from './sign-submitted.js'
import { leaseOf, readSigning, signaturesOf, updateSigning } from './signing-rows.js'
import { mergedValues, requireTurn, type Submission } from './submit.js'

/** So long the document waits for a signature made elsewhere; others sign after it. */
const handedOutMilliseconds = 60 * 60_000

/** What a signature with its evidence may add; a program that adds more did something else. */
const mostAdded = 4 * 1024 * 1024

/**
 * Whether a signer may take the file away and sign it with a program of his own: the company allows it, no key of this house is set for
 * him, and the device is his (the sender's device at a desk is not).
 */
export async function maySignOutside(
  host: Host,
  transaction: CompanyTransaction,
  signer: Pick<RequestSigner, 'action' | 'keyId' | 'inPerson'>,
): Promise<boolean> {
  if (signer.action !== 'sign' || signer.keyId !== null || signer.inPerson) return false
  return signaturesSettings.parse(await host.settings.get(transaction, 'signatures')).ownProgram
}

/**
 * The fields of a request as they are asked for of a signer whose own program makes the picture of his signature: a field that is
 * nothing but the place of it may stay empty.
 */
export function fieldsForOutside(request: SignRequest, role: string): readonly TemplateField[] {
  const name = signatureFieldName(role, request.formPrefix)
  const place = planFields(request.fields, request.roles, request.formPrefix).find((planned) => planned.name === name)?.field
  return request.fields.map((field) => (field.id === place?.id && field.areas.length === 1 ? { ...field, required: false } : field))
}

/**
 * The document for a signer who signs with a program of his own: as it stands, with his values filled in and his signature field empty. It
 * is his for an hour; the same values give the same file again.
 * @throws Fault SIGNATURES-OUTSIDE-NOT-ALLOWED (403), SIGNATURES-REQUEST-CLOSED, SIGNATURES-SIGNER-NOT-VERIFIED, SIGNATURES-VALUE-…,
 * SIGNATURES-DOCUMENT-BUSY (409)
 */
export async function handOut(host: Host, context: CompanyContext, submission: Submission): Promise<{ pdf: Buffer; until: Date }> {
  const { companyId } = context
  const { requestId, signerId, origin, consent } = submission
  const company = await host.access.company(companyId)
  const prepared = await host.db.company(companyId, async (transaction) => {
    const request = await readRequest(transaction, requestId, { lock: true })
    const signer = signerOfRequest(request, signerId)
    requireVersion(signer, submission.version)
    requireTurn(host, request, signer, 'sign')
    if (!(await maySignOutside(host, transaction, signer))) throw refused('NOT-ALLOWED', 403)
    const base = request.headSha256
    if (base === null) throw new Fault('SIGNATURES-REQUEST-CLOSED', { status: 409, params: { number: request.number } })
    await requireFree(transaction, request, signerId, host.now())
    const asked = { ...request, fields: fieldsForOutside(request, signer.role) }
    const values = mergedValues(asked, signer, submission.values, localDay(host.now(), company.timeZone))
    const submitted = await readSubmitted(host, transaction, request, { ...signer, values }, company)
    const { bytes } = await host.files.get(transaction, base)
    return { submitted, values, base, head: bytes, row: await readSigning(transaction, signerId) }
  })
  const { submitted, values, base, head, row } = prepared
  const isSame = row?.base_sha256 === base && row.outside_sha256 !== null && isDeepStrictEqual(row.outside_values, values)
  const at = isSame && row.prepared_at !== null ? row.prepared_at : host.now()
  const pdf = await filled(host, submitted, head, at)
  const until =
    isSame && row.leased_until !== null && row.leased_until > host.now()
      ? row.leased_until
      : new Date(host.now().getTime() + handedOutMilliseconds)
  await host.db.company(companyId, async (transaction) => {
    const request = await readRequest(transaction, requestId, { lock: true })
    requireTurn(host, request, signerOfRequest(request, signerId), 'sign')
    if (request.headSha256 !== base) throw new Fault('SIGNATURES-DOCUMENT-BUSY', { status: 409, params: { name: '' } })
    await requireFree(transaction, request, signerId, host.now())
    const { sha256 } = await host.files.put(transaction, pdf, 'application/pdf')
    const changes = {
      base_sha256: base,
      prepared_at: at,
      leased_until: until,
      outside_sha256: sha256,
      ...stored({ outside_values: values, origin, consent }),
    }
    await transaction
      .knex('signatures_signing')
      .insert({ company_id: companyId, signer_id: signerId, request_id: requestId, ...changes })
      .onConflict(['company_id', 'signer_id'])
      .merge(changes)
  })
  return { pdf, until }
}

async function requireFree(transaction: CompanyTransaction, request: SignRequest, signerId: string, now: Date): Promise<void> {
  const lease = await leaseOf(transaction, request.id, signerId, now)
  if (lease === undefined) return
  const name = request.signers.find(({ id }) => id === lease.signerId)?.name ?? ''
  throw new Fault('SIGNATURES-DOCUMENT-BUSY', { status: 409, params: { name, until: lease.until.toISOString() } })
}

async function filled(host: Host, submitted: Submitted, head: Buffer, at: Date): Promise<Buffer> {
  const { fill } = await writtenFields(host, submitted, at)
  return fill.length === 0 ? head : fillFormFields(head, fill, at)
}

/**
 * Takes the document back, signed elsewhere. It must begin with the bytes that were handed out and hold one signature more, in the
 * signer's own field, valid and over all of them; beside that nothing may have changed.
 * @throws Fault SIGNATURES-OUTSIDE-… (422; NOT-ASKED, DOCUMENT, UNREADABLE, FIELD, CHANGED, INVALID, UNTRUSTED, OTHERS; 409: OVERTAKEN), SIGNATURES-LEVEL-ISSUER,
 * SIGNATURES-REQUEST-CLOSED, SIGNATURES-SIGNER-NOT-VERIFIED
 */
export async function acceptOutside(
  host: Host,
  context: CompanyContext,
  upload: Pick<Submission, 'requestId' | 'signerId' | 'version' | 'origin'> & { readonly pdf: Buffer },
): Promise<RequestSigner> {
  const { companyId } = context
  const { requestId, signerId, origin, pdf } = upload
  const { request, signer, prepared, head, row } = await host.db.company(companyId, async (transaction) => {
    const found = await readRequest(transaction, requestId)
    const person = signerOfRequest(found, signerId)
    requireVersion(person, upload.version)
    requireTurn(host, found, person, 'sign')
    const signing = await readSigning(transaction, signerId)
    if (signing === undefined || signing.base_sha256 === null || signing.outside_sha256 === null || signing.outside_values === null)
      throw refused('NOT-ASKED')
    if (signing.base_sha256 !== found.headSha256) throw refused('OVERTAKEN', 409)
    const { bytes } = await host.files.get(transaction, signing.outside_sha256)
    return {
      request: found,
      signer: person,
      prepared: bytes,
      head: (await host.files.get(transaction, signing.base_sha256)).bytes,
      row: signing,
    }
  })
  if (pdf.length <= prepared.length || pdf.length > prepared.length + mostAdded || !pdf.subarray(0, prepared.length).equals(prepared))
    throw refused('DOCUMENT')
  const fieldName = signatureFieldName(signer.role, request.formPrefix)
  const certificate = newSignature(prepared, pdf, fieldName)
  const verdict = await host.verifiers.verify(`${request.number}.pdf`, pdf, { trust: await anchorsFor(host, companyId) })
  const made = verdict.signatures.find(({ name }) => name === fieldName)
  if (verdict.integrity !== 'intact' || made === undefined || verdict.signatures.some(isBroken)) throw refused('INVALID', 422, made)
  if (signer.level === 'qualified') {
    if (made.indication !== 'TOTAL-PASSED') throw refused('UNTRUSTED', 422, made)
    await requireOutsideIssuer(host, companyId, signer, certificate)
  }
  return host.db.company(companyId, async (transaction) => {
    const now = await readRequest(transaction, requestId, { lock: true })
    const person = signerOfRequest(now, signerId)
    if (person.state !== 'verified') return person
    requireVersion(person, upload.version)
    requireTurn(host, now, person, 'sign')
    // One person's certificate does not stand for two: who signed before did not sign for this one too.
    if ((await signaturesOf(transaction, requestId)).some((other) => other.certificate.equals(certificate))) throw refused('OTHERS')
    await moveSigner(transaction, person, 'submitted', { values: row.outside_values ?? {}, submitted_at: host.now(), fault: null })
    await updateSigning(transaction, signerId, { origin })
    await recordEvent(host, transaction, context, {
      requestId,
      type: 'submitted',
      signerId,
      actor: { kind: 'signer', id: signerId, name: person.name },
      origin,
      facts: {
        document: row.outside_sha256,
        fields: Object.keys(row.outside_values ?? {}).length,
        signedElsewhere: true,
        consent: { law: row.consent.law, sha256: row.consent.sha256 },
      },
    })
    const done = await storeSignature(host, context, transaction, {
      requestId,
      signerId,
      base: row.base_sha256 ?? '',
      head,
      pdf,
      issuer: 'outside',
      certificate,
      level: made.level,
      stampedAt: made.provenAt === undefined || made.provenAt === null ? null : new Date(made.provenAt),
    })
    if (done === 'overtaken') throw refused('OVERTAKEN', 409)
    return done
  })
}

function isBroken({ indication, subIndication, changes }: SignatureVerdict): boolean {
  const isKnown = indication === 'TOTAL-PASSED' || (indication === 'INDETERMINATE' && subIndication === 'NO_CERTIFICATE_CHAIN_FOUND')
  return !isKnown || changes.some((change) => !change.allowed)
}

/**
 * What came with the upload beside the document: exactly one signature more, in the field that was asked for, and nothing else that a
 * filled form may not have. Without this the first signer could draw over the page and sign that.
 * @returns the certificate that signed, DER
 */
function newSignature(prepared: Buffer, pdf: Buffer, fieldName: string): Buffer {
  try {
    const [before, after] = [PdfDocument.open(prepared), PdfDocument.open(pdf)]
    const known = new Set(openPdf(prepared).signed.map(({ name }) => name))
    const [field, second] = openPdf(pdf).signed.filter(({ name }) => !known.has(name))
    if (field === undefined || second !== undefined || field.name !== fieldName) throw refused('FIELD')
    const { changes } = explainChanges(before, after, { level: 2, certified: true, mayFill: (name) => name === fieldName, locked: true })
    const change = changes.find((one) => !one.allowed)
    if (change !== undefined)
      throw new Fault('SIGNATURES-OUTSIDE-CHANGED', { params: { kind: change.kind, subject: change.subject ?? '' } })
    const cms = readSignedData(field.contents)
    const [signer] = cms.signers
    const certificate = signer === undefined ? undefined : signerCertificate(cms, signer)
    if (certificate === undefined) throw refused('INVALID')
    return certificate.der
  } catch (error) {
    if (error instanceof Fault) throw error
    if (error instanceof MalformedPdf || error instanceof MalformedDer || error instanceof RangeError) throw refused('UNREADABLE')
    throw error
  }
}

function refused(reason: string, status = 422, verdict?: SignatureVerdict): Fault {
  const said = verdict === undefined ? '' : `${verdict.indication} ${verdict.subIndication ?? ''}`.trim()
  return new Fault(`SIGNATURES-OUTSIDE-${reason}`, { status, params: { reason: said } })
}
