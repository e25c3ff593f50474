import type { FaultDetail } from '../../i18n/fault.js'
import { CmsVerifier } from '../cms/cms-verifier.js'
import { readSignedData } from '../cms/signed-data.js'
import { concludeDocument } from '../conclude.js'
import { MalformedDer } from '../der-reader.js'
import { PdfVerifier } from '../pdf/pdf-verifier.js'
import type { Verifier, VerifyOptions } from '../report.js'
import { noEvidence, type RevocationEvidence } from '../revocation/evidence.js'
import type { DocumentVerdict, SignatureVerdict } from '../verdict.js'
import { judgeContainerTimeStamp } from './container-time-stamp.js'
import { fits, readManifest, type AsicManifest } from './manifest.js'
import { MalformedZip, readZip, type ZipArchive, type ZipEntry } from './zip-reader.js'

const containerTypes: ReadonlySet<string> = new Set(['application/vnd.etsi.asic-e+zip', 'application/vnd.etsi.asic-s+zip'])
const manifestPath = inMeta('manifest', '.xml', 'asic')
const signaturePath = inMeta('signature', '.p7s')
const xmlSignaturePath = inMeta('signatures', '.xml')
const stampPath = inMeta('timestamp', '.tst')
/** OpenDocument's list of files, which ASiC allows beside (EN 319 162-1 clause 4.4.1): read by nobody here, shown by no program. */
const foreignList = 'META-INF/manifest.xml'

/** Names of what proves a container, as EN 319 162-1 clauses 4.3.3 and 4.4.3 allow them: in META-INF, with these parts, in any case of letters. */
function inMeta(part: string, end: string, also = ''): (name: string) => boolean {
  return (name) => {
    const small = name.toLowerCase()
    const own = small.slice(9)
    return small.startsWith('meta-inf/') && !own.includes('/') && own.endsWith(end) && own.includes(part) && own.includes(also)
  }
}

/** How a container is judged. */
export interface ContainerOptions extends VerifyOptions {
  /** Which files inside are judged too, their verdict being part of the container's; every PDF that is signed unless told. */
  readonly judged?: (name: string) => boolean
  /** What a kind of container asks for beyond the standard; findings without `warning` break it. */
  readonly further?: (archive: ZipArchive, bytes: Buffer, outer: readonly SignatureVerdict[]) => readonly FaultDetail[]
}

/**
 * ASiC containers (ETSI EN 319 162-1 and TS 102 918): ASiC-E with CAdES, ASiC-S with CAdES or a time stamp. The archive is read in the one way
 * in which it can be read; every file is under a signature or a time stamp; signed PDFs inside are judged as files of their own.
 */
export class AsicVerifier implements Verifier {
  readonly name = 'asic'

  /** Every ZIP archive: what is no container gets a clear answer. */
  recognises(bytes: Uint8Array): boolean {
    return isArchive(bytes)
  }

  /** A verdict over every signature of the container (ETSI EN 319 162-1); a container that is not read whole fails. */
  verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>> {
    return judgeContainer(bytes, options)
  }
}

/** Whether it begins as a ZIP archive does (local file header, APPNOTE 4.3.7). */
export function isArchive(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04
}

/** Judges a container. Never throws for bad input. */
export async function judgeContainer(input: Uint8Array, options: ContainerOptions): Promise<Omit<DocumentVerdict, 'file'>> {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  let archive: ZipArchive
  try {
    archive = readZip(bytes)
  } catch (error) {
    if (!(error instanceof MalformedZip)) throw error
    return broken([], [{ code: 'VERIFY-ASIC-MALFORMED', params: { what: error.what } }])
  }
  const type = archive.entries.find((entry) => entry.name === 'mimetype')?.bytes.toString('latin1')
  const marked = archive.entries.some(({ name }) => manifestPath(name) || signaturePath(name) || stampPath(name))
  if ((type === undefined || !containerTypes.has(type)) && !marked) {
    return { verdict: 'failed', integrity: 'none', signatures: [], findings: [{ code: 'VERIFY-ASIC-NOT-A-CONTAINER' }] }
  }
  const judge = new ContainerJudge(archive, options)
  const shape = shapeFindings(archive, type)
  await judge.judgeSignatures()
  await judge.judgeInside()
  const findings = [...shape, ...judge.findings, ...(options.further?.(archive, bytes, judge.outer) ?? [])]
  return findings.some((finding) => finding.level !== 'warning')
    ? broken(judge.signatures, findings)
    : concludeContainer(judge.signatures, judge.outer, findings)
}

/** Somebody must have signed the container itself: signed files inside a heap of files make no signed container. */
function concludeContainer(
  signatures: readonly SignatureVerdict[],
  outer: readonly SignatureVerdict[],
  findings: readonly FaultDetail[],
): Omit<DocumentVerdict, 'file'> {
  const whole = concludeDocument(signatures, findings)
  if (whole.verdict !== 'passed') return whole
  const own = concludeDocument(outer)
  return own.verdict === 'passed' ? whole : { ...whole, verdict: own.verdict, findings: [...whole.findings, ...own.findings] }
}

function broken(signatures: readonly SignatureVerdict[], findings: readonly FaultDetail[]): Omit<DocumentVerdict, 'file'> {
  return { verdict: 'failed', integrity: 'broken', signatures, findings }
}

function shapeFindings(archive: ZipArchive, type: string | undefined): FaultDetail[] {
  const findings: FaultDetail[] = []
  const [first] = archive.entries
  if (type !== undefined && !containerTypes.has(type)) findings.push({ code: 'VERIFY-ASIC-TYPE', params: { type: type.slice(0, 80) } })
  else if (type === undefined || first?.name !== 'mimetype' || !first.plain)
    findings.push({ code: 'VERIFY-ASIC-MIMETYPE', level: 'warning' })
  // EN 319 162-1 4.4.1 allows the type as comment; anything else is text that nobody signed.
  if (archive.comment !== '' && archive.comment !== `mimetype=${type ?? ''}`) findings.push({ code: 'VERIFY-ASIC-COMMENT' })
  return findings
}

class ContainerJudge {
  readonly signatures: SignatureVerdict[] = []
  /** Those over the container, not those inside its files. */
  readonly outer: SignatureVerdict[] = []
  readonly findings: FaultDetail[] = []
  private readonly byName: ReadonlyMap<string, ZipEntry>
  /** Files under a manifest, and manifests, signatures and tokens that belong together. */
  private readonly covered = new Set<string>()

  constructor(
    private readonly archive: ZipArchive,
    private readonly options: ContainerOptions,
  ) {
    this.byName = new Map(archive.entries.map((entry) => [entry.name, entry]))
  }

  async judgeSignatures(): Promise<void> {
    for (const entry of this.archive.entries) {
      if (!manifestPath(entry.name)) continue
      const manifest = readManifest(entry.bytes)
      if (manifest === undefined) this.findings.push({ code: 'VERIFY-ASIC-MANIFEST', params: { name: entry.name } })
      else await this.judgeManifest(entry, manifest)
    }
    await this.judgeSimple()
    for (const { name } of this.archive.entries) {
      if (name === 'mimetype' || name.endsWith('/') || this.covered.has(name)) continue
      if (xmlSignaturePath(name)) {
        this.unjudged(name)
        continue
      }
      if (name === foreignList) this.findings.push({ code: 'VERIFY-ASIC-FOREIGN-LIST', level: 'warning' })
      // Where a signature that is not judged here may cover the others, nobody knows whether this one is covered.
      else if (!this.hasXmlSignatures()) this.findings.push({ code: 'VERIFY-ASIC-UNLISTED', params: { name } })
    }
  }

  /** Signed files inside are judged as what they are. */
  async judgeInside(): Promise<void> {
    const { judged } = this.options
    const pdf = new PdfVerifier()
    for (const { name, bytes } of this.archive.entries) {
      const isPdf = bytes.subarray(0, 1024).includes('%PDF-') && name.toLowerCase().endsWith('.pdf')
      if (!isPdf || (judged !== undefined && !judged(name)) || (judged === undefined && !bytes.includes('/ByteRange'))) continue
      const verdict = await pdf.verify(bytes, this.options)
      this.findings.push(...verdict.findings.map((finding): FaultDetail => ({ ...finding, path: name })))
      for (const signature of verdict.signatures) this.signatures.push({ ...signature, name: `${name}: ${signature.name ?? ''}` })
      if (verdict.signatures.length === 0 && verdict.integrity === 'broken')
        this.findings.push({ code: 'VERIFY-ASIC-INSIDE-BROKEN', params: { name } })
    }
  }

  private async judgeManifest(entry: ZipEntry, manifest: AsicManifest): Promise<void> {
    const proof = this.byName.get(manifest.signature)
    if (proof === undefined || (!signaturePath(proof.name) && !stampPath(proof.name))) {
      this.findings.push({ code: 'VERIFY-ASIC-MISSING', params: { name: manifest.signature } })
      return
    }
    this.covered.add(entry.name).add(proof.name)
    for (const reference of manifest.references) {
      const file = this.byName.get(reference.name)
      if (file === undefined) this.findings.push({ code: 'VERIFY-ASIC-MISSING', params: { name: reference.name } })
      else if (reference.algorithm === undefined)
        this.findings.push({ code: 'VERIFY-ASIC-DIGEST-ALGORITHM', params: { name: reference.name } })
      else if (!fits(reference, file)) this.findings.push({ code: 'VERIFY-ASIC-CHANGED', params: { name: reference.name } })
      else this.covered.add(reference.name)
    }
    await this.judgeProof(proof, entry.bytes)
  }

  /** ASiC-S (clause 4.3): one file, and a signature or a token over it itself. */
  private async judgeSimple(): Promise<void> {
    const proofs = this.archive.entries.filter(({ name }) => !this.covered.has(name) && (signaturePath(name) || stampPath(name)))
    if (proofs.length === 0) return
    const files = this.archive.entries.filter(({ name }) => name !== 'mimetype' && !name.startsWith('META-INF/') && !name.endsWith('/'))
    const [file] = files
    if (file === undefined || files.length > 1) return
    for (const proof of proofs) {
      this.covered.add(proof.name).add(file.name)
      await this.judgeProof(proof, file.bytes)
    }
  }

  private async judgeProof(proof: ZipEntry, content: Buffer): Promise<void> {
    if (stampPath(proof.name)) {
      this.add([await judgeContainerTimeStamp(proof.name, proof.bytes, content, this.options, this.carried())])
      return
    }
    const verdict = await new CmsVerifier().verify(proof.bytes, { ...this.options, content })
    this.findings.push(...verdict.findings.map((finding): FaultDetail => ({ ...finding, path: proof.name })))
    this.add(verdict.signatures.map((signature) => ({ ...signature, name: proof.name })))
  }

  private add(signatures: readonly SignatureVerdict[]): void {
    this.signatures.push(...signatures)
    this.outer.push(...signatures)
  }

  /** Status answers inside the signatures of the container: they may tell of its time stamps too. */
  private carried(): RevocationEvidence {
    const held = this.archive.entries.filter(({ name }) => signaturePath(name)).map(({ bytes }) => evidenceIn(bytes))
    return { crls: held.flatMap((one) => one.crls), ocspResponses: held.flatMap((one) => one.ocspResponses) }
  }

  private hasXmlSignatures(): boolean {
    return this.archive.entries.some(({ name }) => xmlSignaturePath(name))
  }

  /** XAdES over the files of a container: said, never passed. */
  private unjudged(name: string): void {
    this.add([
      {
        indication: 'INDETERMINATE',
        subIndication: 'SIGNED_DATA_NOT_FOUND',
        level: 'XAdES',
        signer: null,
        signedAt: null,
        timeSource: 'none',
        covers: 'unclear',
        changes: [],
        name,
        findings: [{ code: 'VERIFY-ASIC-XADES' }],
      },
    ])
  }
}

function evidenceIn(cms: Buffer): RevocationEvidence {
  try {
    return readSignedData(cms).evidence
  } catch (error) {
    if (error instanceof MalformedDer) return noEvidence
    throw error
  }
}
