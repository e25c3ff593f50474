import type { RawData, WebSocket } from 'ws'
import { Fault } from '../../../i18n/fault.js'
import type { AgentKeyProvider } from './agent-provider.js'
import { connectedMs, type Desk } from './desks.js'
import {
  type challengeShape,
  fromDeskShape,
  greetingOf,
  helloShape,
  largestFrame,
  newNonce,
  proofShape,
  readDeskKey,
  SignedChannel,
  signedText,
  signText,
  textIsSigned,
  type FromDesk,
  type FromHost,
  type Offer,
  type Outcome,
} from './protocol.js'
import type { z } from 'zod'

const greetingMs = 10_000
const heartbeatMs = connectedMs / 3
/** Frames that wait here to be worked on, and bytes that wait for a slow desk. */
const mostWaiting = { frames: 5_000, bytes: 8 * largestFrame }
const mostUnread = 4 * largestFrame
/** A greeting is short; only a desk that proved its key may send more. */
const longestGreeting = 4_096
/** Wrong answers of one connection: each is an entry of the event log. */
const mostWrong = 20

/** One desk on one web socket: greeting (both sides prove their keys), then signed frames. Whatever does not fit ends it. */
export class DeskConnection {
  companyId: string | undefined
  agentId: string | undefined
  /** Resolves when the socket is closed and what came last is written. */
  readonly ended: Promise<void>
  private channel: SignedChannel | undefined
  private desk: Desk | undefined
  private challenge: { readonly hello: z.infer<typeof helloShape>; readonly hostNonce: string } | undefined
  private readonly offered = new Set<string>()
  private work: Promise<void> = Promise.resolve()
  private readonly answering = new Set<Promise<void>>()
  private waiting = { frames: 0, bytes: 0 }
  private wrong = 0
  private heardAt = Date.now()
  private pingedAt = Date.now()

  constructor(
    private readonly socket: WebSocket,
    private readonly provider: AgentKeyProvider,
    private readonly onReady: () => void,
  ) {
    const greeting = setTimeout(() => {
      if (this.channel === undefined) this.end('greeting')
    }, greetingMs)
    socket.on('message', (data: RawData, binary: boolean) => {
      this.heardAt = Date.now()
      const bytes = lengthOf(data)
      this.waiting = { frames: this.waiting.frames + 1, bytes: this.waiting.bytes + bytes }
      // A desk that floods is ended before its frames fill the memory.
      const flood = this.waiting.frames > mostWaiting.frames || this.waiting.bytes > mostWaiting.bytes
      if (binary || flood || (this.agentId === undefined && bytes > longestGreeting)) {
        this.end('flood')
        this.drop()
      } else
        this.work = this.work
          .then(() => this.received(textOf(data), bytes))
          .catch((error: unknown) => {
            this.provider.parts.logger.warn(
              { agent: this.agentId, reason: error instanceof Error ? error.message.slice(0, 200) : '' },
              'desk ended: its frame does not fit',
            )
            this.end('frame')
          })
    })
    socket.on('pong', () => {
      this.heardAt = Date.now()
    })
    socket.on('error', () => {
      socket.terminate()
    })
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        clearTimeout(greeting)
        resolve(
          this.work
            .then(() => Promise.allSettled([...this.answering]))
            .then(() => this.left())
            .catch(() => undefined),
        )
      })
    })
  }

  /** Closes with a word for the desk's log; the code tells it whether coming again makes sense. */
  end(reason: 'greeting' | 'refused' | 'stopped' | 'flood' | 'frame' | 'host stops' | 'silent'): void {
    if (this.socket.readyState === this.socket.CLOSED) return
    this.socket.close(reason === 'stopped' || reason === 'refused' ? 4403 : reason === 'host stops' ? 1012 : 4400, reason)
    // A peer that does not answer the closing keeps nothing open.
    setTimeout(() => {
      this.socket.terminate()
    }, 500).unref()
  }

  /** Without a word: the place is needed. */
  drop(): void {
    this.socket.terminate()
  }

  /** Cuts a desk off that was silent for too long, and asks a silent one for a sign of life. */
  checkLife(): void {
    const now = Date.now()
    if (now - this.heardAt > connectedMs) {
      this.socket.terminate()
    } else if (now - this.pingedAt >= heartbeatMs) {
      this.pingedAt = now
      this.socket.ping()
      if (this.companyId !== undefined && this.agentId !== undefined) {
        void this.provider.desks.seen(this.companyId, this.agentId, {}).catch(() => undefined) // the next beat tries again
      }
    }
  }

  /** Whether the request would be sent to this desk now: it was not, and the desk keeps up with what it is sent. */
  takes(id: string): boolean {
    return this.channel !== undefined && !this.offered.has(id) && this.socket.bufferedAmount < mostUnread
  }

  /** New ones are offered; those that are pending no longer are taken back with the reason. */
  async offer(pending: ReadonlySet<string>, offers: readonly Offer[]): Promise<void> {
    const { companyId } = this
    if (this.channel === undefined || companyId === undefined) return
    const gone = [...this.offered].filter((id) => !pending.has(id))
    for (const id of gone) this.offered.delete(id)
    const standings = await Promise.all(gone.map((id) => this.provider.requests.ended(companyId, id)))
    for (const [index, id] of gone.entries()) {
      const outcome = standings[index]
      if (outcome !== undefined) this.send({ type: 'withdraw', id, outcome })
    }
    for (const offer of offers) {
      if (!this.takes(offer.id)) continue
      this.offered.add(offer.id)
      this.send({ type: 'offer', offer })
    }
  }

  private async received(text: string, bytes: number): Promise<void> {
    this.waiting = { frames: this.waiting.frames - 1, bytes: this.waiting.bytes - bytes }
    if (this.socket.readyState !== this.socket.OPEN) return
    if (this.channel !== undefined) {
      await this.take(fromDeskShape.parse(this.channel.open(text)))
    } else if (this.challenge === undefined) {
      await this.greet(helloShape.parse(JSON.parse(text)))
    } else {
      await this.admit(this.challenge, proofShape.parse(JSON.parse(text)))
    }
  }

  private async greet(hello: z.infer<typeof helloShape>): Promise<void> {
    const hostNonce = newNonce()
    this.challenge = { hello, hostNonce }
    const greeting = greetingOf(hello.companyId, hello.agentId, hello.nonce, hostNonce)
    const signature = signText(this.provider.hostKey.privateKey, signedText('host greets', greeting))
    this.socket.send(JSON.stringify({ type: 'challenge', nonce: hostNonce, signature } satisfies z.infer<typeof challengeShape>))
    // Looked up only now: how the host greets tells nobody which desks exist. A desk nobody knows is refused after its proof
    // like one with a wrong proof; a database that does not answer ends the connection, and the desk comes again.
    const { parts, desks } = this.provider
    try {
      this.desk = await parts.database.company(hello.companyId, (transaction) => desks.desk(transaction, hello.agentId))
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'SIGN-AGENT-UNKNOWN')) throw error
    }
  }

  private async admit({ hello, hostNonce }: NonNullable<typeof this.challenge>, proof: z.infer<typeof proofShape>): Promise<void> {
    const { desk } = this
    const greeting = greetingOf(hello.companyId, hello.agentId, hello.nonce, hostNonce)
    const key = desk === undefined ? undefined : readDeskKey(desk.publicKey.toString('base64'))
    if (desk?.state !== 'paired' || key === undefined || !textIsSigned(key, signedText('desk greets', greeting), proof.signature)) {
      this.end('refused')
      return
    }
    this.channel = new SignedChannel('host', this.provider.hostKey.privateKey, key, greeting)
    this.companyId = hello.companyId
    this.agentId = hello.agentId
    const company = await this.provider.desks.companyName(hello.companyId)
    this.send({ type: 'welcome', company, now: this.provider.parts.now().toISOString() })
    await this.provider.desks.seen(hello.companyId, hello.agentId, {})
    this.onReady()
  }

  private async take(message: FromDesk): Promise<void> {
    const { companyId, desk } = this
    if (companyId === undefined || desk === undefined) return
    switch (message.type) {
      case 'ready':
        return this.provider.desks.seen(companyId, desk.id, { software: message.software })
      case 'tokens':
        return this.provider.desks.seen(companyId, desk.id, { tokens: message.tokens })
      case 'answer': {
        // Not waited for: answers that come behind each other are stored together.
        const taking = this.answered(companyId, desk, message)
        this.answering.add(taking)
        void taking.finally(() => this.answering.delete(taking)).catch(() => undefined)
        return
      }
      case 'refuse':
        await Promise.allSettled([...this.answering])
        this.settled(message.id, await this.provider.requests.refuse(companyId, desk, message.id, message.reason))
        return
      case 'leave':
        await Promise.allSettled([...this.answering])
        await this.provider.desks.left(companyId, desk)
    }
  }

  private async answered(companyId: string, desk: Desk, message: Extract<FromDesk, { type: 'answer' }>): Promise<void> {
    const agent = { id: desk.id, name: desk.name, publicKey: desk.publicKey.toString('base64') }
    try {
      const outcome = await this.provider.requests.answer(companyId, agent, message)
      if (outcome === 'wrong') {
        this.provider.parts.logger.warn({ agent: desk.id, request: message.id }, 'a desk answered with a signature that does not verify')
        if (++this.wrong >= mostWrong) this.end('frame')
      }
      this.settled(message.id, outcome)
    } catch (error) {
      // The desk keeps what was not confirmed and brings it again with its next connection.
      this.provider.parts.logger.warn({ agent: desk.id, err: error }, 'an answer of a desk could not be stored')
      this.end('silent')
    }
  }

  private settled(id: string, outcome: Outcome): void {
    // An answer that was wrong leaves the request open: it is offered again with the next round.
    this.offered.delete(id)
    this.send({ type: 'settled', id, outcome })
  }

  private send(message: FromHost): void {
    if (this.channel !== undefined && this.socket.readyState === this.socket.OPEN) this.socket.send(this.channel.seal(message))
  }

  private async left(): Promise<void> {
    if (this.companyId !== undefined && this.agentId !== undefined)
      await this.provider.desks.seen(this.companyId, this.agentId, { left: true })
  }
}

function lengthOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8')
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8')
}
