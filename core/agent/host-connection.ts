import { WebSocket, type RawData } from 'ws'
import {
  agentPath,
  agentProtocol,
  challengeShape,
  fromHostShape,
  greetingOf,
  largestFrame,
  newNonce,
  readDeskKey,
  SignedChannel,
  signedText,
  signText,
  textIsSigned,
  type FromDesk,
  type FromHost,
} from '../signing/keys/agent/protocol.js'
import { hostOrigin, keyOfPairing, type Pairing } from './pairings.js'

/** How the connection stands; `refused`: the host ended the pairing, `stranger`: another host answers at its address. */
export type ConnectionState = 'connecting' | 'online' | 'waiting' | 'refused' | 'stranger' | 'closed'

/** Who is told what comes, and how patient it is. */
export interface HostConnectionOptions {
  readonly onMessage: (message: FromHost) => void
  readonly onState: (state: ConnectionState) => void
  readonly software: string
  /** First wait before coming again, and the longest. Milliseconds. */
  readonly backOff?: { readonly first: number; readonly longest: number }
  /** A host that was silent for so long is gone (the cable, or this PC slept). */
  readonly silenceMs?: number
}

/** Comes again to a host that refused only now and then: someone may pair this desk anew, or restore the host's data. */
const refusedAgainMs = 600_000

/**
 * The one connection of a pairing, always from the desk outwards. It proves the desk's key, checks the pinned key of the host,
 * and comes again by itself: with growing waits and chance in them, so that a hundred desks do not come at once.
 */
export class HostConnection {
  state: ConnectionState = 'waiting'
  private socket: WebSocket | undefined
  private channel: SignedChannel | undefined
  private timer: NodeJS.Timeout | undefined
  private readonly watch: NodeJS.Timeout
  private failures = 0
  private heardAt = Date.now()

  constructor(
    readonly pairing: Pairing,
    private readonly options: HostConnectionOptions,
  ) {
    const silence = options.silenceMs ?? 45_000
    this.watch = setInterval(
      () => {
        if (this.socket !== undefined && Date.now() - this.heardAt > silence) this.socket.terminate()
      },
      Math.min(5_000, silence / 2),
    )
  }

  /** Connects, and again after every loss, until `close`. */
  open(): void {
    if (this.state === 'closed') return
    clearTimeout(this.timer)
    this.set('connecting')
    const { pairing } = this
    const url = new URL(agentPath, hostOrigin(pairing.url, pairing.plain))
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url, agentProtocol, {
      handshakeTimeout: 15_000,
      maxPayload: largestFrame,
      perMessageDeflate: false,
      followRedirects: false,
      ...(pairing.authority === null ? {} : { ca: pairing.authority }),
    })
    this.socket = socket
    this.heardAt = Date.now()
    let stranger = false
    const greeting = { nonce: newNonce(), text: '' }
    socket.on('open', () => {
      const { companyId, agentId } = pairing
      socket.send(JSON.stringify({ type: 'hello', companyId, agentId, nonce: greeting.nonce }))
    })
    socket.on('ping', () => {
      this.heardAt = Date.now()
    })
    socket.on('message', (data: RawData) => {
      this.heardAt = Date.now()
      try {
        const text = Buffer.isBuffer(data) ? data.toString('utf8') : ''
        if (this.channel === undefined) stranger = !this.greet(socket, text, greeting.nonce)
        else this.received(fromHostShape.parse(this.channel.open(text)))
      } catch {
        // Not the pinned host, or not what it sent: nothing of it is taken.
        stranger = this.channel === undefined
        socket.terminate()
      }
    })
    socket.on('error', () => {
      socket.terminate()
    })
    socket.on('close', (code) => {
      if (this.socket !== socket) return
      this.socket = undefined
      this.channel = undefined
      if (this.state === 'closed') return
      if (code === 4403) this.again('refused', refusedAgainMs)
      else if (stranger) this.again('stranger', refusedAgainMs)
      else this.again('waiting', this.nextWait())
    })
  }

  /** @returns false when there is no connection now; the caller keeps what it has and sends it when the host is back */
  send(message: FromDesk): boolean {
    if (this.channel === undefined || this.state !== 'online' || this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(this.channel.seal(message))
    return true
  }

  /** Ends the connection for good; a host that does not answer the goodbye is cut off after 300 ms. */
  close(): void {
    this.set('closed')
    clearTimeout(this.timer)
    clearInterval(this.watch)
    this.socket?.close(1000)
    const { socket } = this
    setTimeout(() => socket?.terminate(), 300).unref()
  }

  /** @returns whether the host proved the pinned key */
  private greet(socket: WebSocket, text: string, nonce: string): boolean {
    const { pairing } = this
    const challenge = challengeShape.parse(JSON.parse(text))
    const greeting = greetingOf(pairing.companyId, pairing.agentId, nonce, challenge.nonce)
    const hostKey = readDeskKey(pairing.hostKey)
    if (!textIsSigned(hostKey, signedText('host greets', greeting), challenge.signature)) {
      socket.terminate()
      return false
    }
    const own = keyOfPairing(pairing)
    socket.send(JSON.stringify({ type: 'proof', signature: signText(own, signedText('desk greets', greeting)) }))
    this.channel = new SignedChannel('desk', own, hostKey, greeting)
    return true
  }

  private received(message: FromHost): void {
    if (message.type === 'welcome') {
      this.failures = 0
      this.set('online')
      this.send({ type: 'ready', software: this.options.software })
    }
    this.options.onMessage(message)
  }

  private again(state: ConnectionState, milliseconds: number): void {
    this.set(state)
    this.timer = setTimeout(() => {
      this.open()
    }, milliseconds)
  }

  private nextWait(): number {
    const { first, longest } = this.options.backOff ?? { first: 1_000, longest: 60_000 }
    const most = Math.min(longest, first * 2 ** Math.min(this.failures++, 16))
    return most / 2 + Math.random() * (most / 2)
  }

  private set(state: ConnectionState): void {
    if (this.state === state) return
    this.state = state
    this.options.onState(state)
  }
}
