import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { toPem } from '../../signing/certificate-request.js'
import { readCertificateFile, type Certificate } from '../certificate/certificate.js'

/** A certificate somebody decided to trust, and where that is written down. */
export interface PinnedAnchor {
  readonly certificate: Certificate
  /** Country it was pinned for: `SA`; null for all. */
  readonly country: string | null
  readonly file: string
}

const certificateFiles = new Set(['.pem', '.crt', '.cer', '.der'])
const maximumFile = 4 * 1024 * 1024

/**
 * Trust anchors as files: `trust/*.pem` of the data folder for every country, `trust/SA/*.pem` for one. Files, so that `khatm verify`
 * needs no database and an operator sees with `ls` whom the house trusts.
 */
export class TrustFolder {
  readonly path: string

  constructor(dataDir: string) {
    this.path = join(dataDir, 'trust')
  }

  /** Where imported trusted lists lie. */
  get lists(): string {
    return join(this.path, 'lists')
  }

  /** @throws Fault TRUST-FILE-UNREADABLE naming the file: a pin that cannot be read must not be passed over */
  anchors(): PinnedAnchor[] {
    if (!existsSync(this.path)) return []
    const found = readFolder(this.path, null)
    for (const entry of readdirSync(this.path, { withFileTypes: true }))
      if (entry.isDirectory() && /^[A-Z]{2}$/.test(entry.name)) found.push(...readFolder(join(this.path, entry.name), entry.name))
    return found
  }

  /**
   * Pins the certificates of a file (PEM or DER).
   * @param country two letters, or null for all
   * @returns what was pinned; a certificate that was there already is not pinned twice
   */
  add(bytes: Uint8Array, country: string | null, name: string): PinnedAnchor[] {
    if (country !== null && !/^[A-Z]{2}$/.test(country)) throw new Fault('TRUST-COUNTRY', { path: 'country', params: { country } })
    const known = new Set(this.anchors().map((anchor) => `${anchor.country} ${anchor.certificate.sha256}`))
    const folder = country === null ? this.path : join(this.path, country)
    mkdirSync(folder, { recursive: true })
    const added: PinnedAnchor[] = []
    for (const certificate of readFile(bytes, name)) {
      if (known.has(`${country} ${certificate.sha256}`)) continue
      const file = join(folder, `${certificate.sha256.slice(0, 32)}.pem`)
      writeWhole(file, toPem('CERTIFICATE', certificate.der))
      added.push({ certificate, country, file })
    }
    return added
  }

  /** Takes pins away by the beginning (at least 8 digits) of their SHA-256. @returns what was taken away */
  remove(fingerprint: string): PinnedAnchor[] {
    if (!/^[0-9a-f]{8,64}$/.test(fingerprint)) throw new Fault('TRUST-FINGERPRINT', { params: { fingerprint } })
    const gone = this.anchors().filter((anchor) => anchor.certificate.sha256.startsWith(fingerprint))
    for (const { file, certificate } of gone) {
      const left = readFile(readFileSync(file), file).filter((one) => one.sha256 !== certificate.sha256)
      if (left.length === 0) rmSync(file)
      else writeWhole(file, left.map((one) => toPem('CERTIFICATE', one.der)).join(''))
    }
    return gone
  }
}

function readFolder(folder: string, country: string | null): PinnedAnchor[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && certificateFiles.has(extname(entry.name).toLowerCase()))
    .flatMap((entry) => {
      const file = join(folder, entry.name)
      if (statSync(file).size > maximumFile) throw new Fault('TRUST-FILE-UNREADABLE', { params: { file: entry.name } })
      return readFile(readFileSync(file), file).map((certificate) => ({ certificate, country, file }))
    })
}

function readFile(bytes: Uint8Array, file: string): Certificate[] {
  try {
    return readCertificateFile(bytes)
  } catch (error) {
    throw new Fault('TRUST-FILE-UNREADABLE', { params: { file: basename(file) }, cause: error })
  }
}

/** Written beside and put in place at once: a reader sees the old file or the new one. */
export function writeWhole(file: string, content: string | Buffer): void {
  const beside = `${file}.${createHash('sha256').update(content).digest('hex').slice(0, 8)}.new`
  writeFileSync(beside, content)
  renameSync(beside, file)
}
