import { EventEmitter } from 'node:events'
import { createHash } from 'node:crypto'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { answerText, fingerprint, signText, type FromHost, type Offer } from '../signing/keys/agent/protocol.js'
import { verifyDigestSignature } from '../validation/ecdsa.js'
import type { DocumentView } from './document-view.js'
import { History } from './history.js'
import { HostConnection, type ConnectionState } from './host-connection.js'
import { checkKey } from './offer-check.js'
import { labelOf, Offers, type PendingOffer } from './offers.js'
import { Outbox } from './outbox.js'
import { keyOfPairing, type Pairing } from './pairings.js'
import { deskTokenOf, type PresentKey, type PresentToken, type Tokens } from './tokens.js'
import { UnattendedSigning } from './unattended-signing.js'
import { UnlockedTime } from './unlocked-time.js'

/** What became of one document of a batch. */
export interface SignResult {
  readonly id: string
  readonly state: 'signed' | 'failed'
  readonly fault?: FaultDetail
}

/** What the desk rests on; times in milliseconds unless told. */
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
  /** Readers of documents that hosts send along. */
  readonly views?: readonly DocumentView[]
  readonly backOff?: { readonly first: number; readonly longest: number }
  readonly silenceMs?: number
  readonly warn?: (facts: object, message: string) => void
}

const signedAtOnce = 32
const tellEveryMs = 40

/** The desk itself: what hosts ask, which tokens are here, what a person decided. Pages and the terminal show it. Event `change`. */
export class SigningDesk {
  readonly bell = new EventEmitter()
  readonly history: History
  readonly companies = new Map<string, Pairing['company']>()
  /** While a batch is signed. */
  progress: { readonly done: number; readonly of: number } | undefined
  private connections: HostConnection[]
  private readonly offers: Offers
  /** Requests whose document the person opened. */
  private readonly opened = new Set<string>()
  private readonly outbox: Outbox
  private readonly now: () => Date
  private telling: NodeJS.Timeout | undefined
  private readonly unlockedTime: UnlockedTime
  private signing: Promise<unknown> = Promise.resolve()
  private readonly unattended: UnattendedSigning | undefined
  private closed = false

  constructor(private readonly options: DeskOptions) {
    this.now = options.now ?? (() => new Date())
    this.offers = new Offers(options.views)
    if (options.unattended !== undefined) this.unattended = new UnattendedSigning(this, options.unattended, options.warn)
    this.unlockedTime = new UnlockedTime(this.now, () => void this.lock())
    this.history = new History(options.folder, this.now)
    this.outbox = new Outbox(options.folder)
    this.connections = options.pairings.map((pairing) => this.connectionFor(pairing))
  }

  /** Looks for tokens and connects to every paired host. */
  async start(): Promise<void> {
    const { tokens } = this.options
    tokens.bell.on('change', () => {
      this.tellTokens()
      this.changed()
    })
    await tokens.start()
    for (const connection of this.connections) connection.open()
  }

  /** The pairings as they are now: new ones are connected, those taken away are left, with what they asked. */
  setPairings(pairings: readonly Pairing[]): void {
    const wanted = new Set(pairings.map(({ agentId }) => agentId))
    const gone = this.connections.filter(({ pairing }) => !wanted.has(pairing.agentId))
    for (const connection of gone) {
      connection.close()
      this.offers.leave(connection.pairing.agentId)
    }
    const known = new Set(this.connections.map(({ pairing }) => pairing.agentId))
    const fresh = pairings.filter(({ agentId }) => !known.has(agentId)).map((pairing) => this.connectionFor(pairing))
    if (gone.length === 0 && fresh.length === 0) return
    this.connections = [...this.connections.filter((one) => !gone.includes(one)), ...fresh]
    for (const connection of fresh) connection.open()
    this.changed()
  }

  /** The paired hosts, how each connection stands, and the fingerprint of the host's key. */
  get hosts(): readonly { readonly pairing: Pairing; readonly state: ConnectionState; readonly fingerprint: string }[] {
    return this.connections.map(({ pairing, state }) => ({
      pairing,
      state,
      fingerprint: fingerprint(Buffer.from(pairing.hostKey, 'base64')),
    }))
  }

  /** The tokens of this computer. */
  get tokens(): Tokens {
    return this.options.tokens
  }

  /** What waits for a person, oldest first; what is signed and not yet confirmed by the host is not among it. */
  get pending(): readonly PendingOffer[] {
    return this.offers.all.filter(({ offer }) => !this.outbox.has(offer.id))
  }

  /** The key the offer asks for, if its token is present. */
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

  /** The whole of a document, for the person who wants to read it; that it was opened goes with the answer. Undefined: the desk read none. */
  openDocument(id: string): string | undefined {
    const document = this.outbox.has(id) ? undefined : this.offers.get(id)?.check.document
    if (document === undefined) return undefined
    this.opened.add(id)
    return document.text
  }

  /**
   * Tells the hosts that these will not be signed, and why. Unknown ids are passed over. @throws Fault SIGN-AGENT-OFFLINE (503) at
   * the first whose host is not connected; it and those after it stay to be decided
   */
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

  /** Closes all tokens: the next signature asks for the PIN. */
  async lock(): Promise<void> {
    this.unlockedTime.end()
    await this.tokens.lock()
    this.changed()
  }

  /** Ends connections, waits for the signature being made, gives the tokens back. */
  async close(): Promise<void> {
    this.closed = true
    this.unlockedTime.pause()
    for (const connection of this.connections) connection.close()
    await this.signing
    this.tokens.close()
    await this.outbox.close()
    clearTimeout(this.telling)
  }

  private connectionFor(pairing: Pairing): HostConnection {
    const { options } = this
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
  }

  private async signNow(ids: readonly string[], pin: Uint8Array | undefined, finalTry: boolean): Promise<SignResult[]> {
    const chosen = [...new Set(ids)].flatMap((id) => this.offers.get(id) ?? []).filter(({ offer }) => !this.outbox.has(offer.id))
    const ready = chosen.flatMap((pending) => {
      const present = this.obstacle(pending) === undefined ? this.keyOf(pending.offer) : undefined
      return present === undefined ? [] : [{ pending, present }]
    })
    const able = new Set(ready.map(({ pending }) => pending))
    const results: SignResult[] = chosen
      .filter((pending) => !able.has(pending))
      .map((pending) => ({ id: pending.offer.id, state: 'failed', fault: this.obstacle(pending) ?? { code: 'SIGN-AGENT-NOTHING' } }))
    const [first] = ready
    if (first === undefined) {
      if (results.length > 0) return results
      throw new Fault('SIGN-AGENT-NOTHING', { status: 409 })
    }
    const serials = new Set(ready.map(({ present }) => present.token.token.serial))
    if (serials.size > 1) throw new Fault('SIGN-AGENT-SEVERAL-TOKENS', { status: 409 })
    if (this.unlockedTime.passed) await this.lock()
    await this.unlock(this.presentAgain(first.present.token), pin, finalTry)
    this.unlockedTime.pause()
    this.progress = { done: 0, of: ready.length }
    this.changed()
    try {
      // More than the token's process has sessions: while some are written down and sent, the token signs the next.
      const queue = [...ready]
      const worker = async (): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          results.push(await this.signOne(next.pending, next.present))
          this.progress = { done: (this.progress?.done ?? 0) + 1, of: ready.length }
          this.changed()
        }
      }
      await Promise.all(Array.from({ length: signedAtOnce }, worker))
    } finally {
      this.progress = undefined
      await this.afterBatch()
    }
    return results
  }

  /** The token as it is after a look: locked, where it was shown unlocked before. */
  private presentAgain(token: PresentToken): PresentToken {
    return this.tokens.present.find((one) => one.token.serial === token.token.serial && one.library === token.library) ?? token
  }

  private async unlock(token: PresentToken, pin: Uint8Array | undefined, finalTry: boolean): Promise<void> {
    // A reader with keys of its own asks there, when the first document is signed.
    if (token.unlocked || !token.token.loginRequired || token.token.protectedPath || this.unattended !== undefined) return
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
      // Art. 2(f) of the Egyptian Regulations and its like elsewhere ask whether the signer knew the content: what is not known is not said.
      const seen =
        pending.check.document === undefined ? {} : { seen: this.opened.delete(offer.id) ? ('opened' as const) : ('listed' as const) }
      const answer = { id: offer.id, signature: signature.toString('base64'), proof, ...seen }
      await this.outbox.add({ agentId: pairing.agentId, ...answer })
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
    const { keepUnlockedMinutes = 0 } = this.options
    if (keepUnlockedMinutes <= 0) await this.lock()
    else this.unlockedTime.begin(keepUnlockedMinutes)
    this.changed()
  }

  private received(pairing: Pairing, message: FromHost): void {
    switch (message.type) {
      case 'welcome':
        this.companies.set(pairing.agentId, message.company)
        this.offers.forgetWhatIsNotOfferedAgain(pairing.agentId, () => {
          this.changed()
        })
        this.tellTokens(pairing)
        this.deliver(pairing)
        break
      case 'offer':
        this.take(pairing, message.offer)
        break
      case 'withdraw':
        if (!this.isOf(pairing, message.id)) break
        this.offers.delete(message.id)
        this.outbox.remove(message.id)
        break
      case 'settled':
        if (!this.isOf(pairing, message.id)) break
        this.outbox.remove(message.id)
        if (message.outcome !== 'taken') this.history.add('settled', { request: message.id, outcome: message.outcome })
        this.offers.delete(message.id)
    }
    this.changed()
  }

  /** One host says nothing about what another one asked. */
  private isOf(pairing: Pairing, id: string): boolean {
    return this.offers.mayTell(pairing.agentId, id) && this.outbox.mayTell(pairing.agentId, id)
  }

  private take(pairing: Pairing, offer: Offer): void {
    if (this.offers.take(pairing, offer)) this.attend()
    else this.options.warn?.({ request: offer.id, host: pairing.url }, 'the host changed a request that was shown: it is not signed')
  }

  private attend(): void {
    if (!this.closed) void this.unattended?.attend()
  }

  private deliver(pairing: Pairing): void {
    const connection = this.connectionOf(pairing)
    for (const { agentId: _agentId, ...answer } of this.outbox.of(pairing.agentId)) connection.send({ type: 'answer', ...answer })
  }

  private tellTokens(only?: Pairing): void {
    const tokens = this.tokens.present.slice(0, 32).map(deskTokenOf)
    for (const connection of this.connections) {
      if (only === undefined || connection.pairing.agentId === only.agentId) connection.send({ type: 'tokens', tokens })
    }
    this.attend()
  }

  private connectionOf(pairing: Pairing): HostConnection {
    const connection = this.connections.find((one) => one.pairing.agentId === pairing.agentId)
    if (connection === undefined) throw new Error('every pairing has its connection')
    return connection
  }

  /** Who shows the desk is told of many changes at once: a batch of hundreds is not drawn hundreds of times. */
  private changed(): void {
    this.telling ??= setTimeout(() => {
      this.telling = undefined
      this.bell.emit('change')
    }, tellEveryMs)
  }
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
