import { EventEmitter } from 'node:events'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { answerText, fingerprint, signText, type FromHost, type Offer } from '../signing/keys/agent/protocol.js'
import { verifyDigestSignature } from '../validation/ecdsa.js'
import { History } from './history.js'
import { HostConnection, type ConnectionState } from './host-connection.js'
import { checkKey, checkOffer, type OfferCheck } from './offer-check.js'
import { Outbox } from './outbox.js'
import { keyOfPairing, type Pairing } from './pairings.js'
import { deskTokenOf, type PresentKey, type PresentToken, type Tokens } from './tokens.js'

export interface PendingOffer {
  readonly pairing: Pairing
  readonly offer: Offer
  readonly check: OfferCheck
}

/** What became of one document of a batch. */
export interface SignResult {
  readonly id: string
  readonly state: 'signed' | 'failed'
  readonly fault?: FaultDetail
}

export interface DeskOptions {
  readonly folder: string
  readonly pairings: readonly Pairing[]
  readonly tokens: Tokens
  readonly software: string
  readonly now?: () => Date
  /** Minutes a token stays unlocked after a batch; 0 locks it at once. */
  readonly keepUnlockedMinutes?: number
  /** Signs without a person, uses of these purposes alone (with a PIN file). */
  readonly unattended?: readonly string[]
  readonly backOff?: { readonly first: number; readonly longest: number }
  readonly silenceMs?: number
  readonly warn?: (facts: object, message: string) => void
}

/** The desk itself: what hosts ask, which tokens are here, what a person decided. Pages and the terminal show it. Event `change`. */
export class SigningDesk {
  readonly bell = new EventEmitter()
  readonly history: History
  readonly companies = new Map<string, Pairing['company']>()
  keepUnlockedMinutes: number
  /** While a batch is signed. */
  progress: { readonly done: number; readonly of: number } | undefined
  private readonly connections: HostConnection[]
  private readonly offers = new Map<string, PendingOffer>()
  /** Shown before the connection was lost, and not offered again so far. */
  private readonly unconfirmed = new Set<string>()
  private readonly outbox: Outbox
  private readonly now: () => Date
  private idle: NodeJS.Timeout | undefined
  private signing: Promise<unknown> = Promise.resolve()
  private attending = false
  private closed = false

  constructor(private readonly options: DeskOptions) {
    this.now = options.now ?? (() => new Date())
    this.keepUnlockedMinutes = options.keepUnlockedMinutes ?? 0
    this.history = new History(options.folder, this.now)
    this.outbox = new Outbox(options.folder)
    this.connections = options.pairings.map((pairing) => {
      this.companies.set(pairing.agentId, pairing.company)
      return new HostConnection(pairing, {
        software: options.software,
        onMessage: (message) => {
          this.received(pairing, message)
        },
        onState: () => {
          this.changed()
        },
        ...(options.backOff === undefined ? {} : { backOff: options.backOff }),
        ...(options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }),
      })
    })
  }

  async start(): Promise<void> {
    const { tokens } = this.options
    tokens.bell.on('change', () => {
      this.tellTokens()
      this.changed()
    })
    await tokens.start()
    for (const connection of this.connections) connection.open()
  }

  get hosts(): readonly { readonly pairing: Pairing; readonly state: ConnectionState; readonly fingerprint: string }[] {
    return this.connections.map(({ pairing, state }) => ({
      pairing,
      state,
      fingerprint: fingerprint(Buffer.from(pairing.hostKey, 'base64')),
    }))
  }

  get tokens(): Tokens {
    return this.options.tokens
  }

  /** What waits for a person, oldest first; what is signed and not yet confirmed by the host is not among it. */
  get pending(): readonly PendingOffer[] {
    return [...this.offers.values()]
      .filter(({ offer }) => !this.outbox.has(offer.id))
      .sort((one, other) => (one.offer.createdAt < other.offer.createdAt ? -1 : 1))
  }

  keyOf(offer: Offer): PresentKey | undefined {
    return this.tokens.keyFor(offer.publicKey, offer.tokenSerial)
  }

  /** Why the document cannot be signed now; undefined when a PIN is all that is missing. */
  obstacle({ offer, check }: PendingOffer): FaultDetail | undefined {
    if (check.fault !== undefined) return check.fault
    if (new Date(offer.expiresAt) <= this.now()) return { code: 'SIGN-AGENT-EXPIRED', params: { document: labelOf(offer) } }
    const present = this.keyOf(offer)
    if (present === undefined) return { code: 'SIGN-TOKEN-MISSING', params: { token: offer.tokenSerial ?? '' } }
    return checkKey(present, this.now())
  }

  /**
   * Signs what a person chose, with one PIN for all of it: all of it must lie with one token. The PIN is overwritten at once.
   * @throws Fault SIGN-AGENT-NOTHING, SIGN-AGENT-SEVERAL-TOKENS and those of the login; nothing is signed then
   */
  async sign(ids: readonly string[], pin: Uint8Array | undefined, options: { readonly finalTry?: boolean } = {}): Promise<SignResult[]> {
    const turn = this.signing.then(() => this.signNow(ids, pin, options.finalTry === true))
    this.signing = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      pin?.fill(0)
    }
  }

  refuse(ids: readonly string[], reason: string): void {
    for (const id of ids) {
      const pending = this.offers.get(id)
      if (pending === undefined) continue
      const sent = this.connectionOf(pending.pairing).send({ type: 'refuse', id, reason })
      // A refusal that was not sent stays to be decided: it is no harm, unlike a lost signature.
      if (!sent) throw new Fault('SIGN-AGENT-OFFLINE', { params: { url: pending.pairing.url }, status: 503 })
      this.offers.delete(id)
      this.history.add('refused', { ...factsOf(pending), reason })
    }
    this.changed()
  }

  async lock(): Promise<void> {
    clearTimeout(this.idle)
    this.idle = undefined
    await this.tokens.lock()
    this.changed()
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.idle)
    for (const connection of this.connections) connection.close()
    await this.signing
    this.tokens.close()
  }

  private async signNow(ids: readonly string[], pin: Uint8Array | undefined, finalTry: boolean): Promise<SignResult[]> {
    const chosen = [...new Set(ids)].flatMap((id) => this.offers.get(id) ?? []).filter(({ offer }) => !this.outbox.has(offer.id))
    const ready = chosen.flatMap((pending) => {
      const present = this.obstacle(pending) === undefined ? this.keyOf(pending.offer) : undefined
      return present === undefined ? [] : [{ pending, present }]
    })
    const results: SignResult[] = chosen
      .filter((pending) => !ready.some((one) => one.pending === pending))
      .map((pending) => ({ id: pending.offer.id, state: 'failed', fault: this.obstacle(pending) ?? { code: 'SIGN-AGENT-NOTHING' } }))
    const [first] = ready
    if (first === undefined) {
      if (results.length > 0) return results
      throw new Fault('SIGN-AGENT-NOTHING', { status: 409 })
    }
    const serials = new Set(ready.map(({ present }) => present.token.token.serial))
    if (serials.size > 1) throw new Fault('SIGN-AGENT-SEVERAL-TOKENS', { status: 409 })
    await this.unlock(first.present.token, pin, finalTry)
    clearTimeout(this.idle)
    this.progress = { done: 0, of: ready.length }
    this.changed()
    try {
      // As many at once as the token's process has sessions.
      const queue = [...ready]
      const worker = async (): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          results.push(await this.signOne(next.pending, next.present))
          this.progress = { done: (this.progress?.done ?? 0) + 1, of: ready.length }
          this.changed()
        }
      }
      await Promise.all([worker(), worker(), worker(), worker()])
    } finally {
      this.progress = undefined
      await this.afterBatch()
    }
    return results
  }

  private async unlock(token: PresentToken, pin: Uint8Array | undefined, finalTry: boolean): Promise<void> {
    // A reader with keys of its own asks there, when the first document is signed.
    if (token.unlocked || !token.token.loginRequired || token.token.protectedPath || this.options.unattended !== undefined) return
    if (pin === undefined || pin.length === 0)
      throw new Fault('SIGN-AGENT-PIN-NEEDED', { params: { token: token.token.label }, status: 409 })
    try {
      await this.tokens.unlock(token, pin, finalTry)
    } catch (error) {
      if (error instanceof Fault && error.code.startsWith('SIGN-PIN'))
        this.history.add('pin-wrong', { token: token.token.serial, code: error.code })
      this.changed()
      throw error
    }
  }

  private async signOne(pending: PendingOffer, present: PresentKey): Promise<SignResult> {
    const { offer, pairing } = pending
    const digest = Buffer.from(offer.digest, 'hex')
    try {
      const signature = await this.tokens.sign(present, offer.scheme, offer.digestAlgorithm, digest)
      const publicKeySpki = Buffer.from(present.key.publicKey)
      // Before it leaves: a token that answers nonsense is found here.
      if (!verifyDigestSignature({ publicKeySpki, scheme: offer.scheme, digestAlgorithm: offer.digestAlgorithm, digest, signature })) {
        throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: present.key.label } })
      }
      const proof = signText(keyOfPairing(pairing), answerText(pairing.companyId, offer.id, offer.digest, signature))
      const answer = { id: offer.id, signature: signature.toString('base64'), proof }
      this.outbox.add({ agentId: pairing.agentId, ...answer })
      this.history.add('signed', {
        ...factsOf(pending),
        token: present.token.token.serial,
        signature: createHash('sha256').update(signature).digest('hex'),
      })
      this.connectionOf(pairing).send({ type: 'answer', ...answer })
      return { id: offer.id, state: 'signed' }
    } catch (error) {
      const fault = error instanceof Fault ? error.details[0] : undefined
      const detail = fault ?? { code: 'SIGN-PROVIDER-FAILED', params: { reason: 'desk' } }
      this.history.add('failed', { ...factsOf(pending), code: detail.code })
      return { id: offer.id, state: 'failed', fault: detail }
    }
  }

  private async afterBatch(): Promise<void> {
    if (this.keepUnlockedMinutes <= 0) {
      await this.lock()
      return
    }
    this.idle = setTimeout(() => {
      void this.lock()
    }, this.keepUnlockedMinutes * 60_000)
    this.idle.unref()
    this.changed()
  }

  private received(pairing: Pairing, message: FromHost): void {
    switch (message.type) {
      case 'welcome':
        this.companies.set(pairing.agentId, message.company)
        this.forgetWhatIsNotOfferedAgain(pairing)
        this.tellTokens(pairing)
        this.deliver(pairing)
        break
      case 'offer':
        this.unconfirmed.delete(message.offer.id)
        this.offers.set(message.offer.id, { pairing, offer: message.offer, check: checkOffer(message.offer) })
        void this.attend()
        break
      case 'withdraw':
        this.offers.delete(message.id)
        this.outbox.remove(message.id)
        break
      case 'settled':
        this.outbox.remove(message.id)
        if (message.outcome !== 'taken') this.history.add('settled', { request: message.id, outcome: message.outcome })
        this.offers.delete(message.id)
    }
    this.changed()
  }

  /** A desk without a person: what its policy lists, one round after the other. Everything else waits. */
  private async attend(): Promise<void> {
    const { unattended } = this.options
    if (unattended === undefined || this.attending || this.closed) return
    this.attending = true
    try {
      // Requests that come together are signed together.
      await sleep(20)
      const listed = ({ offer }: PendingOffer): boolean =>
        offer.uses.length > 0 && offer.uses.every(({ purpose }) => unattended.includes(purpose))
      const tried = new Set<string>()
      for (;;) {
        const next = this.pending.filter((one) => listed(one) && !tried.has(one.offer.id) && this.obstacle(one) === undefined)
        const serial = next[0] === undefined ? undefined : this.keyOf(next[0].offer)?.token.token.serial
        const ids = next.filter(({ offer }) => this.keyOf(offer)?.token.token.serial === serial).map(({ offer }) => offer.id)
        if (ids.length === 0) return
        for (const id of ids) tried.add(id)
        await this.sign(ids, undefined)
      }
    } catch (error) {
      this.options.warn?.({ code: error instanceof Fault ? error.code : 'error' }, 'unattended signing stopped until the next request')
    } finally {
      this.attending = false
    }
  }

  /** After a connection was lost the host tells anew what is pending; what ended meanwhile must not stay on the page. */
  private forgetWhatIsNotOfferedAgain(pairing: Pairing): void {
    for (const [id, one] of this.offers) if (one.pairing.agentId === pairing.agentId) this.unconfirmed.add(id)
    setTimeout(() => {
      for (const id of this.unconfirmed) this.offers.delete(id)
      this.unconfirmed.clear()
      this.changed()
    }, 5_000).unref()
  }

  private deliver(pairing: Pairing): void {
    const connection = this.connectionOf(pairing)
    for (const { id, signature, proof } of this.outbox.of(pairing.agentId)) connection.send({ type: 'answer', id, signature, proof })
  }

  private tellTokens(only?: Pairing): void {
    const tokens = this.tokens.present.map(deskTokenOf)
    for (const connection of this.connections) {
      if (only === undefined || connection.pairing.agentId === only.agentId) connection.send({ type: 'tokens', tokens })
    }
    void this.attend()
  }

  private connectionOf(pairing: Pairing): HostConnection {
    const connection = this.connections.find((one) => one.pairing.agentId === pairing.agentId)
    if (connection === undefined) throw new Error('every pairing has its connection')
    return connection
  }

  private changed(): void {
    this.bell.emit('change')
  }
}

export function labelOf(offer: Offer): string {
  return offer.uses[0]?.subject.label ?? offer.digest.slice(0, 16)
}

function factsOf({ offer, pairing }: PendingOffer): Record<string, unknown> {
  return {
    request: offer.id,
    company: pairing.companyId,
    host: pairing.url,
    documents: offer.uses.map(({ purpose, subject, amount }) => ({
      purpose,
      label: subject.label,
      ...(amount === undefined ? {} : { amount }),
    })),
    digest: offer.digest,
  }
}
