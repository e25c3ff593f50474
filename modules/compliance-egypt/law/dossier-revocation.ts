import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { ZipFile } from '../../../core/files/zip-writer.js'
import { RunAgain } from '../../../core/jobs/jobs.js'
import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import { readOcspResponse } from '../../../core/validation/revocation/ocsp.js'
import { unique, type NamedCertificate } from './dossier-certificates.js'
import type { DossierReport } from './dossier-report.js'
import { askAnswers, keepAnswers, type Answers, type KeptStatus } from './kept-revocation.js'
import { readAnswer, readList } from './revocation-answers.js'
import { isOverAnswer, stampAnswers, stampsOf, type RevocationStamp } from './revocation-stamps.js'

export interface DossierRevocation {
  readonly files: readonly ZipFile[]
  readonly told: DossierReport['revocation']
  readonly missing: FaultDetail | null
  /** Certificates of responders that an answer speaks of, each with its file. */
  readonly responders: readonly NamedCertificate[]
  /** Tokens over lists and answers, in the order of `told`. */
  readonly stamps: readonly RevocationStamp[]
}

const nothing = { files: [], told: [], responders: [], stamps: [] } as const

/**
 * Lists and OCSP answers of a path, those that prove a revocation among them: kept since the signature, else asked of the authorities
 * now. What is missing is named. A revocation found only now is kept and stamped at once: its authority may be gone next year.
 */
export async function dossierRevocation(
  host: Host,
  context: CompanyContext,
  path: readonly Certificate[],
  certificates: readonly NamedCertificate[],
  at: Date,
  kept: KeptStatus | undefined,
): Promise<DossierRevocation> {
  if (kept !== undefined) return described(host, context, certificates, kept, kept.checkedAt, true)
  const [own] = path
  if (own === undefined) return { ...nothing, missing: { code: 'EG-DOSSIER-NO-SIGNATURE' } }
  try {
    const found = await askAnswers(
      host,
      path.map(({ der }) => der),
      at,
    )
    const got = host.now()
    if (found.finding !== null) await keepNow(host, context, own.sha256, found)
    return await described(host, context, certificates, found, got, false)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ...nothing, missing: { code: error.code, params: error.params } }
  }
}

async function keepNow(host: Host, context: CompanyContext, own: string, found: Answers): Promise<void> {
  await host.db.company(context.companyId, (transaction) => keepAnswers(host, transaction, own, found))
  const answers = [...found.crls, ...found.ocspResponses].map(sha256)
  try {
    await stampAnswers(host, context, { answers, since: host.now().toISOString() })
  } catch (error) {
    // An archive that is silent now is asked by the job; the dossier says what is stamped.
    if (!(error instanceof RunAgain)) throw error
  }
}

async function described(
  host: Host,
  context: CompanyContext,
  certificates: readonly NamedCertificate[],
  { crls, ocspResponses, finding }: Answers,
  got: Date,
  kept: boolean,
): Promise<DossierRevocation> {
  const inAnswers = unique(ocspResponses.flatMap((bytes) => readOcspResponse(bytes).certificates))
  const others = inAnswers.filter(({ sha256: own }) => !certificates.some(({ certificate }) => certificate.sha256 === own))
  const known = [
    ...certificates,
    ...others.map((certificate, index) => ({ file: `certificates/responder-${String(index + 1)}.pem`, certificate })),
  ]
  const all = [
    ...crls.map((bytes, index) => {
      return { bytes, file: `revocation/${String(index + 1)}.crl`, kind: 'crl' as const, ...readList(bytes, known) }
    }),
    ...ocspResponses.map((bytes, index) => {
      return { bytes, file: `revocation/${String(index + 1)}.ocsp`, kind: 'ocsp' as const, ...readAnswer(bytes, known) }
    }),
  ]
  const stamps = await host.db.company(context.companyId, (transaction) =>
    stampsOf(
      transaction,
      all.map(({ bytes }) => sha256(bytes)),
    ),
  )
  const signer = certificates[0]?.file
  const told = all.map(({ bytes, file, kind, about, madeAt, until }) => {
    const digest = sha256(bytes)
    return {
      file,
      kind,
      ofSigner: about.some(({ certificate }) => certificate === signer),
      about,
      sha256: digest,
      madeAt: madeAt.toISOString(),
      until: until?.toISOString() ?? null,
      gotAt: got.toISOString(),
      kept,
      stamps: stamps
        .filter((stamp) => stamp.sha256 === digest)
        .map((stamp, index) => ({
          file: `${file}.${String(index + 1)}.tst`,
          authority: stamp.authority,
          at: stamp.at.toISOString(),
          dependence: stamp.dependence,
          trusted: stamp.trusted,
          over: isOverAnswer(stamp, bytes),
        })),
    }
  })
  const ordered = told.flatMap((one) => stamps.filter((stamp) => stamp.sha256 === one.sha256))
  const tokens = told
    .flatMap((one) => one.stamps)
    .map(({ file }, index) => ({ name: file, bytes: ordered[index]?.token ?? Buffer.alloc(0) }))
  const spokenOf = new Set(told.flatMap(({ about }) => about.map(({ certificate }) => certificate)))
  return {
    files: [...all.map(({ file, bytes }) => ({ name: file, bytes })), ...tokens],
    told,
    missing: finding,
    responders: known.slice(certificates.length).filter(({ file }) => spokenOf.has(file)),
    stamps: ordered,
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
