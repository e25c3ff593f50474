import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, type FaultDetail } from '../../i18n/fault.js'
import { readCertificate, readCertificateFile, type Certificate } from '../certificate/certificate.js'
import { createQualifier } from './qualify.js'
import type { Qualifier } from './qualification.js'
import { TrustFolder } from './trust-folder.js'
import { TrustLists } from './trust-lists.js'
import type { TrustList } from './trust-list.js'

/** Whom this installation trusts, and what trusted lists say of it. */
export interface Trust {
  /** DER, each once. */
  readonly anchors: readonly Buffer[]
  /** Absent without a trusted list: then nothing can be said of qualification. */
  readonly qualifier?: Qualifier
  /** Lists past their next update: still used, and said so. */
  readonly findings: readonly FaultDetail[]
}

/** Where anchors and trusted lists lie. */
export interface TrustOptions {
  readonly dataDir: string
  /** Further files of anchors: `config.validation.trustFiles`. */
  readonly trustFiles?: readonly string[]
  readonly now: Date
}

/** Services whose certificates end paths: they issue certificates, time stamps or revocation answers. */
const anchorTypes = /\/Svctype\/(?:CA\/(?:QC|PKC)|NationalRootCA-QC|TSA(?:\/[\w-]+)?)$/

interface OpenedTrust {
  /** Of every file that was read: place, size and times. */
  readonly state: string
  readonly anchors: readonly Buffer[]
  readonly qualifier: Qualifier | undefined
  readonly lists: readonly TrustList[]
}

/** Opened last: thirty lists of the Union are fifty megabytes of XML, and a page asks for every file it judges. */
let last: OpenedTrust | undefined

/**
 * Opens what lies in the data folder. Reads files and nothing else, and those again only when one of them changed.
 * @throws Fault TRUST-FILE-UNREADABLE, TRUST-LIST-CHANGED
 */
export function openTrust(options: TrustOptions): Trust {
  const state = stateOf(options)
  if (last?.state !== state) last = { state, ...readTrust(options) }
  const { anchors, qualifier, lists } = last
  const late = lists.filter((list) => list.nextUpdate !== null && list.nextUpdate < options.now)
  return {
    anchors,
    ...(qualifier === undefined ? {} : { qualifier }),
    findings: late.map((list) => ({
      code: 'TRUST-LIST-LATE',
      level: 'warning',
      params: { territory: list.territory, until: list.nextUpdate?.toISOString() ?? '' },
    })),
  }
}

/** Changes with every write below the folder: the time of the last change of a file cannot be set by whoever writes it. */
function stateOf({ dataDir, trustFiles = [] }: TrustOptions): string {
  const { path } = new TrustFolder(dataDir)
  const inFolder = existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name)) : []
  const facts = [...inFolder, ...trustFiles].sort().map((file) => {
    const found = statSync(file, { throwIfNoEntry: false })
    return `${file} ${found === undefined ? '' : [found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ')}`
  })
  return [path, ...facts].join('\n')
}

function readTrust(options: TrustOptions): Omit<OpenedTrust, 'state'> {
  const folder = new TrustFolder(options.dataDir)
  const stored = new TrustLists(folder).stored().map((one) => one.list)
  const pinned = [
    ...folder.anchors().map((anchor) => anchor.certificate.der),
    ...(options.trustFiles ?? []).flatMap((file) => readTrustFile(file).map((certificate) => certificate.der)),
  ]
  const anchors = new Map<string, Buffer>()
  for (const der of [...pinned, ...stored.flatMap(anchorsOf)]) anchors.set(der.toString('latin1'), der)
  return {
    anchors: [...anchors.values()],
    qualifier: stored.length === 0 ? undefined : withPinned(createQualifier(stored), pinned),
    lists: stored,
  }
}

/** Whom a person of this installation trusts is trusted for that, whatever a list says of the same key. */
export function withPinned(qualifier: Qualifier, pinned: readonly Buffer[]): Qualifier {
  if (pinned.length === 0) return qualifier
  const keys = new Set(pinned.map((der) => keyOf(readCertificate(der))))
  return {
    qualify: (chain, at) => qualifier.qualify(chain, at),
    qualifyTimeStamp: (chain, at) => qualifier.qualifyTimeStamp(chain, at),
    anchorStands: (anchor, at) => (keys.has(keyOf(anchor)) ? true : qualifier.anchorStands(anchor, at)),
  }
}

function keyOf(certificate: Certificate): string {
  return `${certificate.subjectKey}|${certificate.spki.toString('base64')}`
}

/** Certificates of a list's services that paths may end in, whatever their status: status is asked by the time of signing. */
function anchorsOf(list: TrustList): Buffer[] {
  return list.services
    .filter((service) => service.periods.some((period) => anchorTypes.test(period.type)))
    .flatMap((service) => service.identity.certificates)
    .filter(isReadable)
}

function isReadable(der: Buffer): boolean {
  try {
    readCertificate(der)
    return true
  } catch {
    return false
  }
}

function readTrustFile(file: string): Certificate[] {
  try {
    return readCertificateFile(readFileSync(file))
  } catch (error) {
    throw new Fault('TRUST-FILE-UNREADABLE', { params: { file }, cause: error })
  }
}
