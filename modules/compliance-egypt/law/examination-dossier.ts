import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { ProvenEvent } from '../../../core/audit/audit.js'
import { Fault } from '../../../core/i18n/fault.js'
import { writeZip, type ZipFile } from '../../../core/files/zip-writer.js'
import { toPem } from '../../../core/signing/certificate-request.js'
import { describeCertificate } from '../../../core/validation/certificate/certificate-description.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { readSignedData } from '../../../core/validation/cms/signed-data.js'
import { openTrust } from '../../../core/validation/trust/open-trust.js'
import { rowOfInvoice } from '../../compliance/index.js'
import { documentsOf } from '../../invoicing/index.js'
import { canonicalHash } from '../canonical/canonical-text.js'
import { signatureRows } from '../signing/signature-rows.js'
import { articleAnswers, type Findings } from './article-answers.js'
import { basisAgain } from './basis-again.js'
import { dossierCommands, dossierReadme } from './dossier-commands.js'
import { deviceCertificateOn } from './device-certificates.js'
import { dossierLog } from './dossier-log.js'
import { dossierPdf } from './dossier-pdf.js'
import { dossierRevocation } from './dossier-revocation.js'
import type { DossierReport, PointAnswer } from './dossier-report.js'
import { examinationOf } from './examinations.js'
import { examineBytes } from './examined-bytes.js'
import { keptStatus } from './kept-revocation.js'
import { lawTable } from './law-table.js'
import { lintCertificate, redacted } from './lint-certificate.js'
import { withoutPersonalNumbers } from './redact.js'
import { cairoDay } from './mandates.js'
import { timeAuthorities } from './time-authorities.js'
import { isOver, timesOf } from './time-stamps.js'

/** Of chains longer than this only the pieces around these events are computed again while somebody waits; `khatm audit verify` does all. */
const longestWholeChain = 200_000

/**
 * Everything an examiner of ITIDA needs for one signature (Executive Regulations 109/2005 Art. 7), in one ZIP: document, canonical text,
 * CMS, certificates, revocation answers, time stamps, evidence of the key, events with the proof of their chain, report as JSON and
 * PDF, and the openssl commands that check it without us. What could not be had is named in the report and never left out in silence.
 * @param presented bytes of a copy that somebody brings: it is examined in place of the filed document, and held against it
 * @param longestChain above it only the pieces of the event log in which these events lie are computed again
 * @throws Fault EG-DOSSIER-NOT-SIGNED
 */
export async function examinationDossier(
  host: Host,
  context: CompanyContext,
  invoiceId: string,
  presented?: Buffer,
  longestChain = longestWholeChain,
): Promise<Buffer> {
  const now = host.now()
  const stored = await host.db.company(context.companyId, async (transaction) => {
    const row = await rowOfInvoice(transaction, invoiceId)
    if (row === undefined || row.legalSha256 === null) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 409 })
    const signature = (await signatureRows(transaction, [invoiceId])).get(invoiceId)
    if (signature === undefined) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 409 })
    const number = (await documentsOf(transaction, [invoiceId])).get(invoiceId)?.number ?? row.number
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.dossier-made',
      subject: { type: 'invoicing.invoice', id: invoiceId, label: number },
      ...(presented === undefined ? {} : { facts: { presentedSha256: sha256(presented) } }),
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
  })
  const { bytes, filed, signature, path } = stored
  const examined = presented ?? filed
  // After the entry above is written: the extract then tells of the dossier itself.
  const extract = await host.db.company(context.companyId, (transaction) =>
    host.audit.extract(transaction, { type: 'invoicing.invoice', id: invoiceId }),
  )
  const log = await dossierLog(host, context, extract, longestChain)
  const revocation = await dossierRevocation(host, path, signature.signedAt, stored.status)
  const times = stored.times.proven.map((one, index) => ({
    authority: one.authority,
    at: one.at.toISOString(),
    file: `time-stamps/${String(index + 1)}.tst`,
    dependence: one.dependence,
    trusted: one.trusted,
    over: bytes.signatureValue !== undefined && isOver(one.token, bytes.signatureValue),
  }))
  const lint = bytes.certificate === undefined ? [] : lintCertificate(bytes.certificate.der)
  const part = {
    lint,
    times,
    awaitedTimes: stored.times.awaited.map(({ url, problem, attempts }) => ({ url, problem, attempts })),
    revocation: revocation.told,
    revocationMissing: revocation.missing,
    textSha256: bytes.text === undefined ? null : canonicalHash(bytes.text),
    log: log.told,
    device: stored.device,
  }
  const findings: Findings = {
    bytes,
    changed: !examined.equals(filed),
    path,
    basis: stored.basis,
    report: part,
    evidence: signature.evidence,
    loggedHash: loggedHash(extract.events.map(({ hashed }) => hashed)),
    seen: seenAtDesk(extract.events.map(({ hashed }) => hashed)),
    keyStopped: stored.key?.stopped ?? null,
  }
  const report: DossierReport = {
    number: stored.number,
    madeAt: now.toISOString(),
    examined: presented === undefined ? 'filed' : 'presented',
    documentSha256: sha256(examined),
    filedSha256: sha256(filed),
    ...part,
    points: pointsOf(findings),
    articles: articleAnswers(findings, cairoDay(signature.signedAt)),
    basis: stored.basis,
    basisWhenSigned: signature.basis,
    signedAt: bytes.signingTime?.toISOString() ?? null,
    signer: bytes.certificate === undefined ? '—' : redacted(bytes.certificate.subject),
    issuer: bytes.certificate?.issuer ?? '—',
    path: path.map((one) => ({ subject: redacted(one.subject), sha256: one.sha256, key: describeCertificate(one).key })),
    examination: stored.examination ?? null,
    evidence: signature.evidence,
  }
  const authority = timeChain(host, [...stored.times.proven, ...log.stamps], stored.roots)
  const files: ZipFile[] = [
    { name: 'document.json', bytes: examined },
    ...(bytes.text === undefined ? [] : [{ name: 'canonical.txt', bytes: bytes.text }]),
    ...(bytes.cms === undefined ? [] : [{ name: 'signature.p7s', bytes: bytes.cms }]),
    ...(bytes.signatureValue === undefined ? [] : [{ name: 'signature-value.bin', bytes: bytes.signatureValue }]),
    ...(bytes.certificate === undefined ? [] : [pem('certificates/signer.pem', [bytes.certificate])]),
    ...certificateFile('certificates/issuers.pem', issuersOf(path, stored.authorities)),
    ...revocation.files,
    ...stored.times.proven.map(({ token }, index) => ({ name: `time-stamps/${String(index + 1)}.tst`, bytes: token })),
    ...log.stamps.map(({ token }, index) => ({ name: log.told.stamps[index]?.file ?? '', bytes: token })),
    ...certificateFile('time-stamps/authorities.pem', authority),
    json('evidence.json', { ...signature, basis: undefined, problem: undefined, mandateRegister: signature.evidence?.mandate ?? null }),
    json('event-log.json', { ...extract, events: extract.events.map(openly), verified: log.verified ?? null }),
    json('report.json', { ...report, law: lawTable() }),
    { name: 'report.pdf', bytes: await dossierPdf(host, context, redactedAll(report), now) },
  ]
  const listed = {
    names: files.map(({ name }) => name),
    timeStamps: times.map(({ file }) => ({ token: file, authority: authority.length === 0 ? null : 'time-stamps/authorities.pem' })),
    logStamps: log.stamps.map(({ hash }, index) => ({ token: log.told.stamps[index]?.file ?? '', hash })),
  }
  files.push({ name: 'check.txt', bytes: Buffer.from(`${dossierCommands(listed).join('\n')}\n`) })
  files.push({ name: 'README.txt', bytes: Buffer.from(dossierReadme(stored.number, listed)) })
  const sums = files.map((file) => `${sha256(file.bytes)}  ${file.name}\n`).join('')
  return writeZip([...files, { name: 'SHA256SUMS', bytes: Buffer.from(sums) }])
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function pem(name: string, certificates: readonly Certificate[]): ZipFile {
  return { name, bytes: Buffer.from(certificates.map((one) => toPem('CERTIFICATE', one.der)).join('')) }
}

function certificateFile(name: string, certificates: readonly Certificate[]): ZipFile[] {
  return certificates.length === 0 ? [] : [pem(name, certificates)]
}

/** What is ours to write: national numbers are left out of it. Document and certificates stay as they are, or they would prove nothing. */
function json(name: string, value: object): ZipFile {
  return { name, bytes: Buffer.from(`${JSON.stringify(withoutPersonalNumbers(value), null, 2)}\n`) }
}

/** An event that named a person's number is shown without it, and says that its hash cannot be computed again from what is shown. */
function openly(event: ProvenEvent): object {
  const shown = withoutPersonalNumbers(event.hashed)
  return JSON.stringify(shown) === JSON.stringify(event.hashed) ? event : { ...event, hashed: shown, redacted: true }
}

/** On paper as in the JSON: a mandate, a finding and a name in a certificate may carry a person's number. */
function redactedAll(report: DossierReport): DossierReport {
  return withoutPersonalNumbers(report) as DossierReport // of the same shape: texts alone are changed
}

/** The hash that the key was asked to sign for, as the log has it: the last use counts, an earlier one was asked in vain. */
function loggedHash(events: readonly { readonly action: string; readonly facts: unknown }[]): string | null {
  const used = events.filter(({ action }) => action === 'key.used').at(-1)?.facts
  const hash: unknown = typeof used === 'object' && used !== null ? Reflect.get(used, 'documentHash') : undefined
  return typeof hash === 'string' ? hash : null
}

/** What the desk that answered said its person saw of this document, as the log has it. */
function seenAtDesk(events: readonly { readonly action: string; readonly facts: unknown }[]): Findings['seen'] {
  const answered = events.filter(({ action }) => action === 'agent.request-answered').at(-1)?.facts
  const seen: unknown = typeof answered === 'object' && answered !== null ? Reflect.get(answered, 'seen') : undefined
  return seen === 'opened' || seen === 'listed' ? seen : null
}

function issuersOf(path: readonly Certificate[], authorities: readonly Certificate[]): Certificate[] {
  const names = new Set(path.map(({ issuerKey }) => issuerKey))
  return unique([...path.slice(1), ...authorities.filter(({ subjectKey }) => names.has(subjectKey))])
}

/** Issuers of the time stamp authorities: from their tokens, and what this host trusts above them, so that openssl finds their roots. */
function timeChain(host: Host, stamps: readonly { readonly token: Buffer }[], roots: readonly Certificate[]): Certificate[] {
  const inTokens = stamps.flatMap(({ token }) => readSignedData(token).certificates)
  const { anchors } = openTrust({ dataDir: host.config.dataDir, trustFiles: host.config.validation.trustFiles, now: host.now() })
  const practice = host.config.sandbox.trustAnchors.map((one) => Buffer.from(one, 'base64'))
  const trusted = [...roots, ...[...anchors, ...practice].map((der) => readCertificate(der))]
  const names = new Set(inTokens.map(({ issuerKey }) => issuerKey))
  return unique([...inTokens, ...trusted.filter(({ subjectKey }) => names.has(subjectKey))])
}

function unique(certificates: readonly Certificate[]): Certificate[] {
  return certificates.filter((one, index) => certificates.findIndex(({ sha256: other }) => other === one.sha256) === index)
}

/** Art. 7: (a) a sound certificate and the key that belongs to it, (b) content that can be determined exactly, (c) a signer who is named. */
function pointsOf({ bytes, changed, basis, path }: Findings): PointAnswer[] {
  const chain = ['certificates/signer.pem', 'certificates/issuers.pem', 'signature.p7s']
  const issuer = basis.reasons.filter((code) => code === 'EG-BASIS-NO-ANCHOR' || code === 'EG-BASIS-ISSUER-NOT-ACCEPTED')
  const copy = changed ? [{ code: 'EG-DOSSIER-CHANGED' }] : []
  const content = [...copy, ...bytes.content, ...bytes.signature]
  const holder = path[0]?.holder ?? bytes.certificate?.holder ?? ''
  return [
    {
      point: 'a',
      state: bytes.signature.length > 0 ? 'contradicted' : issuer.length > 0 ? 'not-shown' : 'shown',
      findings: [...bytes.signature, ...issuer.map((code) => ({ code }))],
      proof: chain,
    },
    {
      point: 'b',
      state: content.length > 0 ? 'contradicted' : 'shown',
      findings: content,
      proof: ['document.json', 'canonical.txt', 'signature.p7s'],
    },
    {
      point: 'c',
      state: holder === '' ? 'not-shown' : 'shown',
      findings: holder === '' ? [{ code: 'EG-DOSSIER-NO-NAME' }] : [],
      proof: ['certificates/signer.pem'],
    },
  ]
}

export type { DossierReport } from './dossier-report.js'
