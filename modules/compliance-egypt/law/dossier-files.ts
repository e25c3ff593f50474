import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { ProvenEvent } from '../../../core/audit/audit.js'
import type { ZipFile } from '../../../core/files/zip-writer.js'
import type { Host } from '../../../core/host/module.js'
import { toPem } from '../../../core/signing/certificate-request.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { readSignedData } from '../../../core/validation/cms/signed-data.js'
import { issuersFile, issuersOf, unique } from './dossier-certificates.js'
import { dossierCommands, type DossierContents } from './dossier-commands.js'
import { dossierPdf } from './dossier-pdf.js'
import { dossierReadme } from './dossier-readme.js'
import type { DossierReport } from './dossier-report.js'
import type { DossierSources } from './dossier-sources.js'
import { lawTable } from './law-table.js'
import { withoutPersonalNumbers } from './redact.js'
import { trustedRoots } from './stamp-digest.js'

const timeAuthoritiesFile = 'time-stamps/authorities.pem'

/** The files of a dossier: the proofs byte for byte, what is told of them, the paper, and how to check it all without us. */
export async function dossierFiles(
  host: Host,
  context: CompanyContext,
  sources: DossierSources,
  report: DossierReport,
): Promise<ZipFile[]> {
  const proofs = [...signedFiles(sources), ...thirdPartyFiles(host, sources), ...toldFiles(sources, report)]
  const sums = proofs.map(({ name, bytes }) => ({ name, sha256: sha256(bytes) }))
  // On paper as in the JSON: a mandate, a finding and a name in a certificate may carry a person's number.
  const open = withoutPersonalNumbers(report) as DossierReport // of the same shape: texts alone are changed
  const files = [...proofs, { name: 'report.pdf', bytes: await dossierPdf(host, context, open, sums) }]
  const commands = dossierCommands(contentsOf(sources, report, files))
  files.push(
    { name: 'check.txt', bytes: Buffer.from(`${commands.join('\n')}\n`) },
    { name: 'README.txt', bytes: Buffer.from(dossierReadme(sources.number, commands)) },
  )
  const list = files.map(({ name, bytes }) => `${sha256(bytes)}  ${name}\n`).join('')
  return [...files, { name: 'SHA256SUMS', bytes: Buffer.from(list) }]
}

/** What the document itself carries. */
function signedFiles({ examined, bytes }: DossierSources): ZipFile[] {
  const { text, cms, signatureValue } = bytes
  return [
    { name: 'document.json', bytes: examined },
    ...(text === undefined ? [] : [{ name: 'canonical.txt', bytes: text }]),
    ...(cms === undefined ? [] : [{ name: 'signature.p7s', bytes: cms }]),
    ...(signatureValue === undefined ? [] : [{ name: 'signature-value.bin', bytes: signatureValue }]),
  ]
}

/** What others say: issuers, revocation, time. */
function thirdPartyFiles(host: Host, sources: DossierSources): ZipFile[] {
  const { path, authorities, certificates, revocation, times, log, roots } = sources
  return [
    ...certificates.flatMap(({ file, certificate }) => certificateFile(file, [certificate])),
    ...certificateFile(issuersFile, issuersOf(path, authorities)),
    ...revocation.files,
    ...times.proven.map(({ token }, index) => ({ name: `time-stamps/${String(index + 1)}.tst`, bytes: token })),
    ...log.stamps.map(({ token }, index) => ({ name: log.told.stamps[index]?.file ?? '', bytes: token })),
    ...certificateFile(timeAuthoritiesFile, timeChain(host, [...times.proven, ...log.stamps, ...revocation.stamps], roots)),
  ]
}

/** What this house tells, of its own records. */
function toldFiles({ signature, extract, log }: DossierSources, report: DossierReport): ZipFile[] {
  const mandateRegister = signature.evidence?.mandate ?? null
  return [
    json('evidence.json', { ...signature, basis: undefined, problem: undefined, mandateRegister }),
    json('event-log.json', { ...extract, events: extract.events.map(openly), verified: log.verified ?? null }),
    json('report.json', { ...report, law: lawTable() }),
  ]
}

function contentsOf(
  { signature, log, examined, bytes, path, authorities }: DossierSources,
  report: DossierReport,
  files: readonly ZipFile[],
): DossierContents {
  const names = files.map(({ name }) => name)
  const { cms, signatureValue } = bytes
  return {
    names,
    signedAt: signature.signedAt,
    anchored: issuersOf(path, authorities).some(({ subjectKey, issuerKey }) => subjectKey === issuerKey),
    plainSignature: cms !== undefined && plainSignature(examined, cms),
    valueBytes: cms !== undefined && signatureValue !== undefined && endsWith(cms, signatureValue) ? signatureValue.length : null,
    revocation: report.revocation.map(({ file, kind, about, madeAt, stamps }) => ({
      file,
      kind,
      about,
      madeAt: new Date(madeAt),
      stamps: stamps.map(({ file: token, at }) => ({ token, at: new Date(at) })),
    })),
    timeStamps: report.times.map(({ file, at }) => ({ token: file, at: new Date(at) })),
    logStamps: log.stamps.map(({ hash, at }, index) => ({ token: log.told.stamps[index]?.file ?? '', at, hash })),
    timeAuthorities: names.includes(timeAuthoritiesFile) ? timeAuthoritiesFile : null,
  }
}

/** The document holds its signature in the one way a plain search of text finds, and once. */
function plainSignature(document: Buffer, cms: Buffer): boolean {
  const found = [...document.toString('latin1').matchAll(/"signatureType":"I","value":"([A-Za-z0-9+/=]*)"/g)]
  return found.length === 1 && Buffer.from(found[0]?.[1] ?? '', 'base64').equals(cms)
}

function endsWith(whole: Buffer, end: Buffer): boolean {
  return whole.subarray(-end.length).equals(end)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function certificateFile(name: string, certificates: readonly Certificate[]): ZipFile[] {
  if (certificates.length === 0) return []
  return [{ name, bytes: Buffer.from(certificates.map((one) => toPem('CERTIFICATE', one.der)).join('')) }]
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

/** Issuers of the time stamp authorities: from their tokens, and what this host trusts above them, so that openssl finds their roots. */
function timeChain(host: Host, stamps: readonly { readonly token: Buffer }[], roots: readonly Certificate[]): Certificate[] {
  const inTokens = stamps.flatMap(({ token }) => readSignedData(token).certificates)
  const practice = host.config.sandbox.trustAnchors.map((one) => readCertificate(Buffer.from(one, 'base64')))
  const trusted = stamps.length === 0 ? [] : [...roots, ...trustedRoots(host), ...practice]
  const names = new Set(inTokens.map(({ issuerKey }) => issuerKey))
  return unique([...inTokens, ...trusted.filter(({ subjectKey }) => names.has(subjectKey))])
}
