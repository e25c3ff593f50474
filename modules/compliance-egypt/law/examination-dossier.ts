import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { toPem } from '../../../core/signing/certificate-request.js'
import { configuredEvidence } from '../../../core/signing/configured-authorities.js'
import { writeZip, type ZipFile } from '../../../core/files/zip-writer.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { checkSigner, readSignedData } from '../../../core/validation/cms/signed-data.js'
import { documentsOf } from '../../invoicing/index.js'
import { rowOfInvoice } from '../../compliance/index.js'
import { canonicalHash, canonicalTextOf } from '../canonical/canonical-text.js'
import { itemsOf, memberOf, parseLiteral, textAt } from '../canonical/literal-value.js'
import { checkStructure } from '../document/check-structure.js'
import { signatureRows } from '../signing/signature-rows.js'
import { acceptedAuthorities } from './accepted-authorities.js'
import { legalBasis, type Basis } from './basis.js'
import { lintCertificate, redacted, type LintItem } from './lint-certificate.js'

/** One point of Art. 7 with what speaks against it; none: it holds. */
interface Point {
  readonly point: 'a' | 'b' | 'c'
  readonly holds: boolean
  readonly findings: readonly FaultDetail[]
}

export interface DossierReport {
  readonly number: string
  readonly madeAt: string
  readonly points: readonly Point[]
  readonly basis: Basis
  readonly signedAt: string | null
  readonly signer: string
  readonly issuer: string
  readonly textSha256: string
  readonly lint: readonly LintItem[]
  /** Independent time (Art. 8(a)): authorities whose tokens lie in the dossier; empty: only the signer's own clock speaks. */
  readonly independentTimes: readonly { readonly authority: string; readonly at: string }[]
  /** Why revocation answers are not in it; null when they are. */
  readonly revocationMissing: FaultDetail | null
  readonly evidence: object | null
}

const lawShape = z.object({
  checked: z.string(),
  source: z.string(),
  articles: z.array(z.object({ article: z.string(), demands: z.string(), check: z.string(), status: z.string() })),
})

/** Demands of the law and how each is met here. */
export function lawTable(): z.infer<typeof lawShape> {
  return lawShape.parse(JSON.parse(readFileSync(new URL('./law.json', import.meta.url), 'utf8')))
}

/**
 * Everything an examiner of ITIDA needs for one signature (Executive Regulations 109/2005 Art. 7), in one ZIP: document, canonical text,
 * CMS, certificates, revocation answers, time stamps, report as JSON and PDF, and the openssl commands that check it without us. What
 * could not be had is named in the report and never left out in silence.
 * @throws Fault EG-DOSSIER-NOT-SIGNED
 */
export async function examinationDossier(host: Host, context: CompanyContext, invoiceId: string): Promise<Buffer> {
  const now = host.now()
  const stored = await host.db.company(context.companyId, async (transaction) => {
    const row = await rowOfInvoice(transaction, invoiceId)
    if (row === undefined || row.legalSha256 === null) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 409 })
    const signature = (await signatureRows(transaction, [invoiceId])).get(invoiceId)
    const where = { company_id: transaction.companyId, invoice_id: invoiceId }
    const [examination, stamps] = await Promise.all([
      transaction.knex('compliance_egypt_examination').where(where).first<{ number: string } | undefined>('number'),
      transaction
        .knex('compliance_egypt_time_stamp')
        .where(where)
        .select<{ authority: string; stamped_at: Date; token: Buffer }[]>('authority', 'stamped_at', 'token'),
    ])
    return {
      bytes: (await host.files.get(transaction, row.legalSha256)).bytes,
      number: (await documentsOf(transaction, [invoiceId])).get(invoiceId)?.number ?? row.number,
      signature,
      examination: examination?.number,
      stamps,
      keys: await host.signing.keys(transaction),
      authorities: await acceptedAuthorities(host.config, transaction, signature?.signedAt ?? now),
    }
  })
  const { bytes, authorities } = stored
  const root = parseLiteral(bytes)
  const text = canonicalTextOf(root)
  const cmsBytes = Buffer.from(textAt(itemsOf(memberOf(root, 'signatures'))[0], 'value') ?? '', 'base64')
  const cms = readSignedData(cmsBytes)
  const [signer] = cms.signers
  if (signer === undefined) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 409 })
  const check = checkSigner(cms, signer, (algorithm) => createHash(algorithm).update(text).digest())
  const own = check.certificate
  if (own === undefined) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 409 })
  // The chain as the key had it, if it is that certificate still; an authority pinned for Egypt closes it.
  const known = stored.keys.map(({ certificates }) => certificates).find(([leaf]) => leaf?.equals(own.der) === true)
  const chain = (known ?? [own.der]).map((der) => readCertificate(der))
  const at = stored.signature?.signedAt ?? check.signingTime ?? now
  const basis = legalBasis({
    certificates: chain,
    authorities,
    control: stored.signature?.evidence?.soleControl,
    at,
    ...(stored.examination === undefined ? {} : { examination: stored.examination }),
  })
  const revocation = await revocationOf(host, chain, at)
  const report: DossierReport = {
    number: stored.number,
    madeAt: now.toISOString(),
    points: pointsOf(check.failure?.finding ?? null, own, basis, checkStructure(root)),
    basis,
    signedAt: check.signingTime?.toISOString() ?? null,
    signer: redacted(own.subject),
    issuer: own.issuer,
    textSha256: canonicalHash(text),
    lint: lintCertificate(own.der),
    independentTimes: stored.stamps.map(({ authority, stamped_at: stampedAt }) => ({ authority, at: stampedAt.toISOString() })),
    revocationMissing: revocation.missing,
    evidence: stored.signature?.evidence ?? null,
  }
  const files: ZipFile[] = [
    { name: 'document.json', bytes },
    { name: 'canonical.txt', bytes: text },
    { name: 'signature.p7s', bytes: cmsBytes },
    { name: 'certificates/signer.pem', bytes: Buffer.from(toPem('CERTIFICATE', own.der)) },
    {
      name: 'certificates/issuers.pem',
      bytes: Buffer.from(
        issuersOf(chain, authorities)
          .map((one) => toPem('CERTIFICATE', one.der))
          .join(''),
      ),
    },
    ...revocation.files,
    ...stored.stamps.map(({ token }, index) => ({ name: `time-stamps/${String(index + 1)}.tst`, bytes: token })),
    { name: 'report.json', bytes: Buffer.from(`${JSON.stringify({ ...report, law: lawTable() }, null, 2)}\n`) },
    { name: 'report.pdf', bytes: await reportPdf(host, context, report, now) },
    { name: 'check.txt', bytes: Buffer.from(commands) },
  ]
  const sums = files.map((file) => `${createHash('sha256').update(file.bytes).digest('hex')}  ${file.name}\n`).join('')
  return writeZip([...files, { name: 'SHA256SUMS', bytes: Buffer.from(sums) }])
}

/** No lines of ours between the examiner and the proof. */
const commands = `sha256sum -c SHA256SUMS
openssl cms -verify -cades -inform DER -in signature.p7s -content canonical.txt -binary -CAfile certificates/issuers.pem -purpose any -out /dev/null
openssl cms -cmsout -print -inform DER -in signature.p7s
openssl x509 -in certificates/signer.pem -noout -text
openssl crl -inform DER -in revocation/1.crl -noout -text
openssl ocsp -respin revocation/1.ocsp -text -noverify
openssl ts -reply -token_in -in time-stamps/1.tst -text
`

function issuersOf(chain: readonly Certificate[], authorities: readonly { readonly certificate: Certificate }[]): Certificate[] {
  const names = new Set(chain.map(({ issuerKey }) => issuerKey))
  const found = [...chain.slice(1), ...authorities.map(({ certificate }) => certificate).filter(({ subjectKey }) => names.has(subjectKey))]
  return found.filter((one, index) => found.findIndex(({ sha256 }) => sha256 === one.sha256) === index)
}

async function revocationOf(
  host: Host,
  chain: readonly Certificate[],
  at: Date,
): Promise<{ readonly files: ZipFile[]; readonly missing: FaultDetail | null }> {
  try {
    const { crls, ocspResponses } = await configuredEvidence(host)([chain.map(({ der }) => der)], at)
    return {
      files: [
        ...crls.map((bytes, index) => ({ name: `revocation/${String(index + 1)}.crl`, bytes })),
        ...ocspResponses.map((bytes, index) => ({ name: `revocation/${String(index + 1)}.ocsp`, bytes })),
      ],
      missing: null,
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { files: [], missing: { code: error.code, params: error.params } }
  }
}

function pointsOf(failure: FaultDetail | null, own: Certificate, basis: Basis, structure: readonly FaultDetail[]): Point[] {
  const found = failure === null ? [] : [failure]
  const issuer = basis.reasons
    .filter((code) => code === 'EG-BASIS-NO-ANCHOR' || code === 'EG-BASIS-ISSUER-NOT-ACCEPTED')
    .map((code) => ({ code }))
  const wrong = structure.filter(({ level }) => level !== 'warning')
  const nameless = own.holder === '' ? [{ code: 'EG-DOSSIER-NO-NAME' }] : []
  const point = (name: Point['point'], findings: readonly FaultDetail[]): Point => ({ point: name, holds: findings.length === 0, findings })
  return [point('a', [...found, ...issuer]), point('b', [...found, ...wrong]), point('c', nameless)]
}

async function reportPdf(host: Host, { locale }: CompanyContext, report: DossierReport, now: Date): Promise<Buffer> {
  const text = (key: string, params?: Record<string, string>): string => host.i18n.text(locale, `compliance-egypt.${key}`, params)
  const fault = (one: FaultDetail): string => host.i18n.fault(locale, one)
  const rows = (pairs: readonly (readonly [string, string])[]): { label: string; value: string }[] =>
    pairs.map(([key, value]) => ({ label: text(`dossier.${key}`), value }))
  const { pdf } = await host.documents.render({
    template: 'compliance-egypt/dossier',
    data: {
      locale,
      title: text('dossier.title'),
      intro: text('dossier.intro'),
      rows: rows([
        ['number', report.number],
        ['signer', report.signer],
        ['issuer', report.issuer],
        ['signed', report.signedAt ?? '—'],
        ['hash', report.textSha256],
        ['made', report.madeAt],
      ]),
      points: report.points.map(({ point, holds, findings }) => ({
        title: text(`dossier.point.${point}`),
        holds,
        verdict: text(holds ? 'dossier.holds' : 'dossier.fails'),
        findings: findings.map(fault),
      })),
      basisTitle: text('dossier.basis'),
      basis: text(`dossier.basis.${report.basis.basis}`),
      reasons: [
        ...report.basis.reasons.map((code) => fault({ code })),
        ...(report.independentTimes.length === 0 ? [text('dossier.no-time')] : []),
        ...(report.revocationMissing === null ? [] : [`${text('dossier.no-revocation')} ${fault(report.revocationMissing)}`]),
      ],
      lintTitle: text('dossier.lint'),
      lint: report.lint.map(({ item, code, state, found }) => ({
        item: item === 0 ? '' : String(item),
        title: text(`lint.${code}`),
        state: text(`lint.state.${state}`),
        good: state === 'present',
        found,
      })),
    },
    locale,
    digits: 'latin',
    standard: '1.7',
    createdAt: now,
    title: text('dossier.title'),
  })
  return pdf
}
