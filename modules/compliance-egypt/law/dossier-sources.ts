import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { AuditExtract } from '../../../core/audit/audit.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Key } from '../../../core/signing/key.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { rowOfInvoice } from '../../compliance/index.js'
import { documentsOf } from '../../invoicing/index.js'
import { signatureRows, type SignatureRow } from '../signing/signature-rows.js'
import { basisAgain } from './basis-again.js'
import { withStatus, type Basis, type CertificateStatus } from './basis.js'
import { deviceCertificateOn, type DeviceCertificate } from './device-certificates.js'
import { dossierLog, type DossierLog } from './dossier-log.js'
import { namedCertificates, type NamedCertificate } from './dossier-certificates.js'
import { dossierRevocation, type DossierRevocation } from './dossier-revocation.js'
import { examinationOf, type Examination } from './examinations.js'
import { examineBytes, type ExaminedBytes } from './examined-bytes.js'
import { keptStatus, type KeptStatus } from './kept-revocation.js'
import { cairoDay } from '../data/cairo-day.js'
import { timeAuthorities } from './time-authorities.js'
import { timesOf, type AwaitedTime, type ProvenTime } from './time-stamps.js'

/** Everything a dossier is written from: what is kept of a signature, what its bytes say themselves, what authorities answered. */
export interface DossierSources extends Stored {
  /** The bytes in question: the filed document, or the copy somebody presented. */
  readonly examined: Buffer
  readonly presented: boolean
  readonly extract: AuditExtract
  readonly log: DossierLog
  readonly revocation: DossierRevocation
  /** Signer, issuers, and the responders that answers speak of. */
  readonly certificates: readonly NamedCertificate[]
}

interface Stored {
  readonly filed: Buffer
  readonly number: string
  readonly signature: SignatureRow
  readonly examination: Examination | undefined
  readonly bytes: ExaminedBytes
  readonly key: Key | undefined
  /** As it can be judged today, of the time of signing. */
  readonly basis: Basis
  readonly path: readonly Certificate[]
  /** Authorities that count in Egypt. */
  readonly authorities: readonly Certificate[]
  readonly times: { readonly proven: readonly ProvenTime[]; readonly awaited: readonly AwaitedTime[] }
  readonly status: KeptStatus | undefined
  readonly device: DeviceCertificate | null
  /** Roots the company pinned for its archives of time. */
  readonly roots: readonly Certificate[]
}

/**
 * Reads what a dossier needs and asks authorities for what was not kept. That a dossier is made is an event of the document, and the
 * extract has it.
 * @throws Fault EG-DOSSIER-NOT-SIGNED
 */
export async function readSources(
  host: Host,
  context: CompanyContext,
  invoiceId: string,
  presented: Buffer | undefined,
  longestChain: number,
): Promise<DossierSources> {
  const stored = await host.db.company(context.companyId, (transaction) => readStored(host, transaction, context, invoiceId, presented))
  // After the entry is written: the extract then tells of the dossier itself.
  const extract = await host.db.company(context.companyId, (transaction) =>
    host.audit.extract(transaction, { type: 'invoicing.invoice', id: invoiceId }),
  )
  const log = await dossierLog(host, context, extract, longestChain)
  const certificates = namedCertificates(stored.bytes.certificate, stored.path, stored.authorities)
  const revocation = await dossierRevocation(host, context, stored.path, certificates, stored.signature.signedAt, stored.status)
  return {
    ...stored,
    basis: withStatus(stored.basis, statusOf(revocation), stored.examination !== undefined),
    examined: presented ?? stored.filed,
    presented: presented !== undefined,
    extract,
    log,
    revocation,
    certificates: [...certificates, ...revocation.responders],
  }
}

async function readStored(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  invoiceId: string,
  presented: Buffer | undefined,
): Promise<Stored> {
  const row = await rowOfInvoice(transaction, invoiceId)
  const signature = (await signatureRows(transaction, [invoiceId])).get(invoiceId)
  if (row === undefined || row.legalSha256 === null || signature === undefined) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 409 })
  const number = (await documentsOf(transaction, [invoiceId])).get(invoiceId)?.number ?? row.number
  host.audit.record(transaction, context, {
    action: 'compliance-egypt.dossier-made',
    subject: { type: 'invoicing.invoice', id: invoiceId, label: number },
    ...(presented === undefined ? {} : { facts: { presentedSha256: createHash('sha256').update(presented).digest('hex') } }),
  })
  const filed = (await host.files.get(transaction, row.legalSha256)).bytes
  const examination = await examinationOf(transaction, invoiceId)
  const bytes = examineBytes(presented ?? filed)
  const keys = await host.signing.keys(transaction)
  const own = bytes.certificate
  const known = keys.find(({ certificates: [leaf] }) => own !== undefined && leaf?.equals(own.der) === true)
  const presentedPath = own === undefined ? [] : (known?.certificates ?? [own.der]).map((der) => readCertificate(der))
  const question = { at: signature.signedAt, ...(examination === undefined ? {} : { examination: examination.number }) }
  return {
    filed,
    number,
    signature,
    examination,
    bytes,
    key: known ?? keys.find(({ id }) => id === signature.keyId),
    ...(await basisAgain(host.config, transaction, signature, presentedPath, question)),
    times: await timesOf(transaction, invoiceId),
    status: own === undefined ? undefined : await keptStatus(transaction, own.sha256, signature.signedAt),
    device: await deviceCertificateOn(transaction, signature.keyId, cairoDay(signature.signedAt)),
    roots: (await timeAuthorities(host.config, transaction)).flatMap(({ root }) => (root === null ? [] : [root])),
  }
}

/** What the answers of authorities say of the signer's path at the time of signing. */
function statusOf({ missing, told }: DossierRevocation): CertificateStatus {
  if (missing?.code === 'SIGN-CERT-REVOKED') return 'revoked'
  return missing === null && told.length > 0 ? 'good' : 'unknown'
}
