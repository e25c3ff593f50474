import type { CompanyContext } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { configuredEvidence, configuredTimeStamp } from '../../../../core/signing/configured-authorities.js'
import { addDocumentTimeStamp } from '../../../../core/signing/formats/pades/document-time-stamp.js'
import { openPdf } from '../../../../core/signing/formats/pades/open-pdf.js'
import { addValidationData } from '../../../../core/signing/formats/pades/validation-data.js'
import { readCertificate } from '../../../../core/validation/certificate/certificate.js'
import { extensionOids } from '../../../../core/validation/certificate/extensions.js'
import { needsNoStatus } from '../../../../core/validation/revocation/revocation-check.js'
import { openTrust } from '../../../../core/validation/trust/open-trust.js'
import type { DocumentVerdict } from '../../../../core/validation/verdict.js'
import { applySeal } from '../../../seal/index.js'
import type { SignRequest } from '../../models/request.js'
import type { SignaturesSettings } from '../../models/settings.js'
import { sealFieldName, signatureFieldName } from '../requests/pdf-fields.js'
import { hostAuthorityRoot } from './host-authority.js'
import type { SignatureFacts } from './signing-rows.js'

export interface SealedDocument {
  readonly pdf: Buffer
  /** Of the company's seal; null when none is put. */
  readonly level: string | null
  /** Of the archive time stamp; null without time stamps. */
  readonly archivedAt: Date | null
  /** Fields whose certificates have no published status, so that the file holds no proof of it. */
  readonly unproven: readonly string[]
  readonly verdict: DocumentVerdict
}

export interface ToSeal {
  readonly request: SignRequest
  readonly head: Buffer
  readonly signatures: readonly SignatureFacts[]
  readonly settings: SignaturesSettings
}

/**
 * Puts the company's seal into its field with the lock on everything, adds what proves every signature, and an archive time stamp over
 * all (PAdES LTA); then judges the result as a stranger would. Nothing is stored, no transaction is open.
 * @throws Fault those of `applySeal`, SIGN-TSA-…, SIGN-REVOCATION-UNAVAILABLE, SIGNATURES-SEALED-NOT-VALID
 */
export async function sealDocument(host: Host, context: CompanyContext, toSeal: ToSeal): Promise<SealedDocument> {
  const { request, head, signatures, settings } = toSeal
  const stamped = settings.timeStamps === 'required'
  let pdf = head
  let level: string | null = null
  if (hasSealField(head, request.formPrefix)) {
    const sealed = await applySeal(host, context, {
      pdf,
      subject: { type: 'signatures.request', id: request.id, label: `${request.number} ${request.name}`.slice(0, 200) },
      fieldName: sealFieldName(request.formPrefix),
      ...(request.headSha256 === null ? {} : { documentHash: request.headSha256 }),
      ...(stamped ? { level: 'LT' as const } : {}),
      lock: { action: 'All', fields: [] },
    })
    pdf = sealed.pdf
    level = sealed.level
  }
  let archivedAt: Date | null = null
  const unproven: string[] = []
  if (stamped) {
    const parts = { config: host.config, now: () => host.now() }
    const evidence = configuredEvidence(parts)
    // A certificate for one signature may have ended since: its path is proven for the time that its own stamp proves.
    for (const signature of signatures) {
      const signer = request.signers.find((one) => one.id === signature.signerId)
      if (signer === undefined) continue
      const field = signatureFieldName(signer.role, request.formPrefix)
      // What its authority publishes no status of cannot be made provable; the log says so. A qualified one must be.
      if (signature.issuer !== 'host' && signer.level !== 'qualified' && offersNoStatus(signature.certificate)) {
        unproven.push(field)
        continue
      }
      const at = signature.stampedAt ?? signature.signedAt
      pdf = (await addValidationData(pdf, { evidence, at, fields: [field] })).pdf
    }
    const archived = await addDocumentTimeStamp(pdf, { timeStamp: configuredTimeStamp(parts) })
    pdf = archived.pdf
    archivedAt = archived.stampedAt
  }
  if (!pdf.subarray(0, head.length).equals(head)) throw new Fault('SIGNATURES-NOT-A-PREFIX', { status: 500 })
  return { pdf, level, archivedAt, unproven, verdict: await judge(host, context, toSeal, pdf) }
}

/** No list, no responder, and nothing that says that none is needed. */
function offersNoStatus(der: Buffer): boolean {
  const certificate = readCertificate(der)
  const { extensions } = certificate
  return (
    !extensions.has(extensionOids.distributionPoints) && !extensions.has(extensionOids.authorityInformation) && !needsNoStatus(certificate)
  )
}

/** The place of the seal was made at sending, when the settings asked for one: what was sent then is what is done now. */
function hasSealField(pdf: Buffer, prefix: string): boolean {
  return openPdf(pdf).fields.some((field) => field.name === sealFieldName(prefix))
}

/** Anchors a company's own document is judged by: those of this host, its own authority, and roots that its seals come with. */
export async function anchorsFor(host: Host, companyId: string): Promise<Buffer[]> {
  const { anchors } = openTrust({ dataDir: host.config.dataDir, trustFiles: host.config.validation.trustFiles, now: host.now() })
  const practice = host.config.sandbox.trustAnchors.map((text) => Buffer.from(text, 'base64'))
  const root = await hostAuthorityRoot(host, companyId)
  const keys = await host.db.company(companyId, (transaction) => host.signing.keys(transaction))
  const own = keys
    .filter((key) => key.purposes.includes('seal-document'))
    .flatMap((key) => key.certificates)
    .filter((der) => {
      const certificate = readCertificate(der)
      return certificate.subjectKey === certificate.issuerKey
    })
  return [...anchors, ...practice, ...(root === undefined ? [] : [root]), ...own]
}

/**
 * A finished document is valid before anybody gets it: whole, no signature broken, no change that one forbids. That this host knows no
 * way to an authority of a signer's own certificate does not make it invalid; everything else it must know.
 */
async function judge(host: Host, context: CompanyContext, { request, signatures }: ToSeal, pdf: Buffer): Promise<DocumentVerdict> {
  const trust = await anchorsFor(host, context.companyId)
  const verdict = await host.verifiers.verify(`${request.number}.pdf`, pdf, { trust })
  const foreign = new Set(
    signatures
      .filter(({ issuer }) => issuer !== 'host')
      .flatMap(({ signerId }) => request.signers.filter(({ id }) => id === signerId))
      .map(({ role }) => signatureFieldName(role, request.formPrefix)),
  )
  const wrong = verdict.signatures.find(
    ({ indication, subIndication, name, changes }) =>
      changes.some((change) => !change.allowed) ||
      (indication !== 'TOTAL-PASSED' &&
        !(
          indication === 'INDETERMINATE' &&
          subIndication === 'NO_CERTIFICATE_CHAIN_FOUND' &&
          (foreign.has(name ?? '') || isUnknownAuthority(name, request.formPrefix))
        )),
  )
  if (verdict.integrity === 'intact' && wrong === undefined && verdict.signatures.length >= signatures.length) return verdict
  throw new Fault('SIGNATURES-SEALED-NOT-VALID', {
    status: 500,
    params: {
      field: wrong?.name ?? '',
      indication: wrong?.indication ?? verdict.verdict,
      reason: wrong?.subIndication ?? wrong?.findings[0]?.code ?? '',
    },
  })
}

/** Seal and archive stamp come from authorities that the company chose; whether a reader trusts them is the reader's. */
function isUnknownAuthority(name: string | null | undefined, prefix: string): boolean {
  return name === sealFieldName(prefix) || /^Timestamp\d+$/.test(name ?? '')
}
