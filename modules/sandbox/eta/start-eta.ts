import { createHash } from 'node:crypto'
import type { CertificateAuthorities } from '../ca/authority.js'
import { EtaCodes } from './code-requests.js'
import { EtaAuthority } from './eta-authority.js'
import { etaDefaults } from './eta-settings.js'
import { EtaNotifier } from './notifier.js'
import { EtaPackages } from './packages.js'
import { PointsOfSale } from './points-of-sale.js'
import { EtaReceipts } from './receipts.js'
import { EtaRegister, type EtaStatus } from './register.js'
import { EtaTokens } from './tokens.js'

/** A document as tests and the dashboard see it. */
export interface SeenEtaDocument {
  readonly uuid: string
  readonly internalId: string
  readonly issuer: string
  readonly receiver: string
  readonly type: string
  readonly total: string
  readonly hashKey: string
  /** SHA-256 of the document as it is kept. */
  readonly sha256: string
  readonly submission: string
  readonly status: EtaStatus
  readonly codes: readonly string[]
  readonly at: string
}

/** The Egyptian authority, running below `/eta`. */
export interface Eta {
  readonly authority: EtaAuthority
  readonly codes: EtaCodes
  readonly packages: EtaPackages
  readonly tokens: EtaTokens
  readonly notifier: EtaNotifier
  readonly receipts: EtaReceipts
  /** Newest first. */
  seen(): SeenEtaDocument[]
  reset(): void
  close(): void
}

/** @param url base address: identity at `/id`, the calls at `/api`, the portal at `/portal` */
export function startEta(parts: {
  readonly folder: string
  readonly url: string
  readonly authorities: CertificateAuthorities
  readonly now: () => Date
}): Eta {
  const register = new EtaRegister(parts.folder)
  const notifier = new EtaNotifier(register, parts.now)
  const authority = new EtaAuthority(register, parts.authorities, notifier, `${parts.url}/portal`, parts.now)
  const tokens = new EtaTokens(register)
  const receipts = new EtaReceipts(
    parts.folder,
    new PointsOfSale(parts.folder),
    parts.authorities,
    parts.now,
    () => authority.settings.decisionMs,
  )
  return {
    authority,
    receipts,
    codes: new EtaCodes(authority),
    packages: new EtaPackages(authority, notifier),
    tokens,
    notifier,
    seen: () =>
      register.allDocuments().map((one) => ({
        uuid: one.uuid,
        internalId: one.internalId,
        issuer: one.issuer,
        receiver: one.receiver,
        type: one.type,
        total: one.total,
        hashKey: one.hashKey,
        sha256: createHash('sha256').update(one.text).digest('hex'),
        submission: one.submission,
        status: register.statusOf(one, parts.now()),
        codes: register.findingsOf(one).map((error) => error.code),
        at: one.receivedAt,
      })),
    reset: () => {
      register.reset()
      receipts.reset()
      tokens.endAll()
      Object.assign(authority.settings, etaDefaults)
      notifier.sent.length = 0
    },
    close: () => {
      notifier.close()
      register.close()
      receipts.close()
    },
  }
}
