import { once } from 'node:events'
import type { Configuration } from '../../../../config/schema.js'
import type { Audit } from '../../../audit/audit.js'
import type { Database } from '../../../db/database.js'
import { Fault } from '../../../i18n/fault.js'
import { digestLengths } from '../../../validation/ecdsa.js'
import { schemeFits } from '../../algorithms.js'
import type { CompanyTransaction } from '../../../db/database.js'
import type { KeyProvider, KeyReference, SignDigestRequest } from '../../key.js'
import type { FoundKey, SigningService } from '../../signing-service.js'
import { AgentRequests } from './agent-requests.js'
import { Desks, tokenAttributes, type Desk } from './desks.js'
import { loadHostKey, type HostKey } from './host-key.js'
import { largestDocument, usesShape } from './protocol.js'
import { shownDocument, shownUses } from './request-rows.js'

/** What the provider rests on. */
export interface AgentProviderParts {
  readonly database: Database
  readonly audit: Audit
  readonly config: { readonly dataDir: string; readonly signing: Pick<Configuration['signing'], 'agent'> }
  readonly now: () => Date
  readonly logger: { warn(facts: object, message: string): void }
}

/** What holds where the configuration says nothing (config/schema.ts explains each). */
const usual = { waitSeconds: 180, waitWithoutDeskSeconds: 5, requestHours: 72, keepDays: 90 }

/** Another process may take the answer (the web server, while a worker waits): the rows are looked at this often. */
const lookAgainMs = 3_000

/**
 * Keys on tokens that people keep: a program on their PC (`khatm agent`) shows what is to be signed, asks the PIN there and
 * answers with the signature. The host never meets the PIN. Waiting for a person ends with SIGN-AGENT-WAITING; the request
 * stays open, and the answer given meanwhile is returned to the next call for the same key and digest.
 */
export class AgentKeyProvider implements KeyProvider {
  readonly kind = 'agent'
  readonly requests: AgentRequests
  readonly desks: Desks
  private hostKeyLoaded: HostKey | undefined
  private readonly closing = new AbortController()
  private readonly running = new Set<Promise<Buffer>>()
  private readonly desksSeen = new Map<string, { readonly at: number; readonly desks: Promise<readonly Desk[]> }>()

  constructor(readonly parts: AgentProviderParts) {
    const { database, audit, now } = parts
    this.requests = new AgentRequests({ database, audit, now, requestHours: this.settings.requestHours })
    this.desks = new Desks({ database, audit, now, hostKey: () => this.hostKey })
  }

  /** Where this process answers desks, when it does and nobody configured a public address. */
  address: () => string | undefined = () => undefined

  private get settings(): typeof usual {
    const { keepDays = usual.keepDays, ...given } = this.parts.config.signing.agent ?? usual
    return { ...given, keepDays }
  }

  /** The host's own key towards desks, read or made at first use. */
  get hostKey(): HostKey {
    return (this.hostKeyLoaded ??= loadHostKey(this.parts.config.dataDir))
  }

  /**
   * @throws Fault SIGN-AGENT-WAITING (503, ask again later), SIGN-AGENT-REFUSED, SIGN-AGENT-SUPERSEDED, SIGN-AGENT-EXPIRED (409),
   * SIGN-KEY-UNREACHABLE, SIGN-AGENT-FACTS (more documents at once, or longer names, than a desk shows)
   */
  async signDigest(reference: KeyReference, request: SignDigestRequest): Promise<Buffer> {
    const { scheme, digestAlgorithm, digest } = request
    // Refused here and not at the desk: a person is not asked for what cannot be.
    if (digest.length !== digestLengths[digestAlgorithm]) {
      throw new Fault('SIGN-DIGEST-LENGTH', { params: { digest: digestAlgorithm, length: digest.length } })
    }
    if (!schemeFits(reference.algorithm, scheme))
      throw new Fault('SIGN-ALGORITHM-MISMATCH', { params: { algorithm: reference.algorithm, scheme } })
    const uses = shownUses(request.uses ?? [])
    // A request that no desk takes would be offered to them for ever.
    if (!usesShape.safeParse(uses).success) throw new Fault('SIGN-AGENT-FACTS', { params: { document: uses[0]?.subject.label ?? '' } })
    const document = shownDocument(request.uses ?? [], largestDocument)
    const asking = this.askPeople(reference, {
      ...request,
      uses: document === undefined ? uses : uses.map((use) => ({ ...use, document })),
    })
    this.running.add(asking)
    try {
      return await asking
    } finally {
      this.running.delete(asking)
    }
  }

  private async askPeople(reference: KeyReference, request: SignDigestRequest): Promise<Buffer> {
    const publicKey = reference.stored['publicKey']
    if (publicKey === undefined) throw new Fault('SIGN-KEY-UNREACHABLE', { params: { key: reference.keyId }, status: 503 })
    const id = await this.requests.ask(reference, Buffer.from(publicKey, 'base64'), request)
    const document = request.uses?.[0]?.subject.label ?? ''
    const patience = request.waits === false ? 0 : await this.patience(reference.companyId, publicKey)
    const until = performance.now() + patience * 1000
    for (;;) {
      const settled = this.settledOrLater(id, Math.min(lookAgainMs, Math.max(1, until - performance.now())))
      const standing = await this.requests.standing(reference.companyId, id)
      switch (standing.state) {
        case 'answered':
          return standing.signature
        case 'refused':
          throw new Fault('SIGN-AGENT-REFUSED', { params: { document, reason: standing.reason, desk: standing.desk }, status: 409 })
        case 'superseded':
          throw new Fault('SIGN-AGENT-SUPERSEDED', { params: { document }, status: 409 })
        case 'expired':
          throw new Fault('SIGN-AGENT-EXPIRED', { params: { document }, status: 409 })
        case 'pending':
          if (performance.now() >= until || this.closing.signal.aborted)
            throw new Fault('SIGN-AGENT-WAITING', { params: { document }, status: 503 })
          await settled
      }
    }
  }

  /**
   * A key that a desk showed, ready for `SigningService.adoptKey`.
   * @throws Fault SIGN-AGENT-KEY-MISSING (404) when the desk does not show it (any more)
   */
  async foundKey(
    companyId: string,
    wanted: { readonly agentId: string; readonly tokenSerial: string; readonly keyId: string; readonly publicKey?: string },
  ): Promise<Omit<FoundKey, 'name' | 'purposes'>> {
    const desk = await this.parts.database.company(companyId, (transaction) => this.desks.desk(transaction, wanted.agentId))
    const token = desk.tokens.find(({ serial }) => serial === wanted.tokenSerial)
    const key = token?.keys.find(
      (one) => one.keyId === wanted.keyId && (wanted.publicKey === undefined || one.publicKey === wanted.publicKey),
    )
    if (token === undefined || key === undefined) throw new Fault('SIGN-AGENT-KEY-MISSING', { status: 404 })
    return {
      provider: 'agent',
      algorithm: key.algorithm,
      publicKey: Buffer.from(key.publicKey, 'base64'),
      certificates: key.certificates.map((der) => Buffer.from(der, 'base64')),
      attributes: tokenAttributes(desk.name, token, key),
      stored: { publicKey: key.publicKey, tokenSerial: token.serial, keyId: key.keyId },
    }
  }

  /** Forgets requests of the company that ended longer ago than configured. @returns how many */
  prune(companyId: string): Promise<number> {
    return this.requests.prune(companyId, new Date(this.parts.now().getTime() - this.settings.keepDays * 86_400_000))
  }

  /** Whoever waits for the key is told with the commit that the request ended; desks take it off their pages. */
  stopping(transaction: CompanyTransaction, keyId: string): Promise<void> {
    return this.requests.endOfKey(transaction, keyId)
  }

  /** Waiting ends with SIGN-AGENT-WAITING; requests stay open in their rows. */
  async close(): Promise<void> {
    this.closing.abort()
    await Promise.allSettled([...this.running])
  }

  /** Seconds to wait: long while a desk with the key is there, short when nobody could answer. */
  private async patience(companyId: string, publicKey: string): Promise<number> {
    const { waitSeconds, waitWithoutDeskSeconds } = this.settings
    const desks = await this.recentDesks(companyId)
    const there = desks.some((desk) => desk.connected && desk.tokens.some((token) => token.keys.some((key) => key.publicKey === publicKey)))
    return there ? waitSeconds : Math.min(waitSeconds, waitWithoutDeskSeconds)
  }

  /** A hundred signatures that are asked for together look once. */
  private recentDesks(companyId: string): Promise<readonly Desk[]> {
    const known = this.desksSeen.get(companyId)
    if (known !== undefined && performance.now() - known.at < 500) return known.desks
    const desks = this.parts.database.company(companyId, (transaction) => this.desks.list(transaction))
    this.desksSeen.set(companyId, { at: performance.now(), desks })
    return desks
  }

  private async settledOrLater(id: string, milliseconds: number): Promise<void> {
    const end = new AbortController()
    const signal = AbortSignal.any([end.signal, this.closing.signal])
    const timer = setTimeout(() => {
      end.abort()
    }, milliseconds)
    try {
      await once(this.requests.bell, `settled ${id}`, { signal })
    } catch {
      // Time is over, or the host stops: the rows tell.
    } finally {
      clearTimeout(timer)
    }
  }
}

/** @throws TypeError when agent keys come from another provider */
export function agentProviderOf(signing: Pick<SigningService, 'provider'>): AgentKeyProvider {
  const provider = signing.provider('agent')
  if (!(provider instanceof AgentKeyProvider)) throw new TypeError('agent keys come from another provider')
  return provider
}
