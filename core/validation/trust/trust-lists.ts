import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, type FaultDetail } from '../../i18n/fault.js'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { readTrustList } from './read-trust-list.js'
import { writeWhole, type TrustFolder } from './trust-folder.js'
import type { TrustList } from './trust-list.js'

/** Checks the enveloped XAdES signature of a list (TS 119 612 clause 5.7.1). */
export type TrustListSignatureCheck = (xml: Buffer) => Promise<{
  /** Null when the mathematics holds and the whole list is covered. */
  readonly failure: FaultDetail | null
  readonly certificate: Certificate | undefined
}>

/** How an issue of a list is checked before it takes the place of the one at hand. */
export interface ImportOptions {
  readonly checkSignature: TrustListSignatureCheck
  /** Certificates (DER) that may sign this list, as a person checked them. Without them: those the list of the lists names, or the last signer's. */
  readonly signers?: readonly Buffer[]
  /** Territory the list was asked for; another's list in its place is refused. */
  readonly territory?: string
  readonly now: Date
}

/** A list at hand. */
export interface StoredTrustList {
  readonly list: TrustList
  /** Certificates (DER) that may sign its next issue when no list of the lists says. */
  readonly signers: readonly Buffer[]
  readonly signer: { readonly name: string; readonly sha256: string }
  readonly importedAt: Date
}

/** Territory whose list points to all others. */
const listOfTheLists = 'EU'

/** Trusted lists that were checked and kept in the data folder: the XML as it came, and beside it what was read from it. */
export class TrustLists {
  constructor(private readonly folder: TrustFolder) {}

  /** @throws Fault TRUST-LIST-CHANGED when a kept list is not the one that was checked */
  stored(): StoredTrustList[] {
    if (!existsSync(this.folder.lists)) return []
    return readdirSync(this.folder.lists)
      .filter((name) => /^[A-Z]{2}\.xml$/.test(name))
      .sort()
      .map((name) => this.read(name.slice(0, 2)))
  }

  /**
   * Checks a list and keeps it: signature, signer, and that it is not older than the one at hand.
   * @throws Fault TRUST-LIST-SIGNATURE, TRUST-LIST-SIGNER-UNKNOWN, TRUST-LIST-OLDER and what reading throws
   */
  async import(xml: Buffer, options: ImportOptions): Promise<StoredTrustList> {
    const list = readTrustList(xml)
    const { territory } = list
    if (!/^[A-Z]{2}$/.test(territory) || (options.territory ?? territory) !== territory)
      throw new Fault('TRUST-LIST-MALFORMED', { params: { what: 'SchemeTerritory' } })
    const { failure, certificate } = await options.checkSignature(xml)
    if (failure !== null || certificate === undefined)
      throw new Fault('TRUST-LIST-SIGNATURE', { params: { territory, reason: failure?.code ?? '' } })
    const known = this.has(territory) ? this.read(territory) : undefined
    const signers = this.allowedSigners(territory, options, known)
    if (!signers.some((der) => der.equals(certificate.der))) {
      const params = { territory, name: certificate.holder, fingerprint: certificate.sha256 }
      throw new Fault('TRUST-LIST-SIGNER-UNKNOWN', { params })
    }
    if (list.issuedAt < certificate.notBefore || list.issuedAt > certificate.notAfter)
      throw new Fault('TRUST-LIST-SIGNATURE', { params: { territory, reason: 'VERIFY-CERT-EXPIRED' } })
    if (known !== undefined && (list.sequence < known.list.sequence || list.issuedAt < known.list.issuedAt)) {
      throw new Fault('TRUST-LIST-OLDER', { params: { territory, given: list.sequence, known: known.list.sequence } })
    }
    const stored = { list, signers, signer: { name: certificate.holder, sha256: certificate.sha256 }, importedAt: options.now }
    mkdirSync(this.folder.lists, { recursive: true })
    writeWhole(join(this.folder.lists, `${territory}.xml`), xml)
    writeWhole(join(this.folder.lists, `${territory}.json`), JSON.stringify(record(stored, xml)))
    return stored
  }

  private has(territory: string): boolean {
    return existsSync(join(this.folder.lists, `${territory}.xml`))
  }

  private allowedSigners(territory: string, options: ImportOptions, known: StoredTrustList | undefined): readonly Buffer[] {
    if (options.signers !== undefined) return options.signers
    if (territory !== listOfTheLists && this.has(listOfTheLists)) {
      const pointed = this.read(listOfTheLists).list.pointers.filter((pointer) => pointer.territory === territory)
      return pointed.flatMap((pointer) => pointer.signers)
    }
    return known?.signers ?? []
  }

  private read(territory: string): StoredTrustList {
    const xml = readFileSync(join(this.folder.lists, `${territory}.xml`))
    try {
      const kept = JSON.parse(readFileSync(join(this.folder.lists, `${territory}.json`), 'utf8')) as Kept // written by `record` alone
      if (kept.sha256 !== sha256(xml)) throw new Error('another list')
      // Read anew rather than from a second copy: what was checked is what is used.
      const signers = kept.signers.map((text) => Buffer.from(text, 'base64'))
      for (const der of signers) readCertificate(der)
      return { list: readTrustList(xml), signers, signer: kept.signer, importedAt: new Date(kept.importedAt) }
    } catch (error) {
      throw new Fault('TRUST-LIST-CHANGED', { params: { territory }, cause: error })
    }
  }
}

interface Kept {
  readonly sha256: string
  readonly signers: readonly string[]
  readonly signer: { readonly name: string; readonly sha256: string }
  readonly importedAt: string
}

function record(stored: StoredTrustList, xml: Buffer): Kept {
  return {
    sha256: sha256(xml),
    signers: stored.signers.map((der) => der.toString('base64')),
    signer: stored.signer,
    importedAt: stored.importedAt.toISOString(),
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
