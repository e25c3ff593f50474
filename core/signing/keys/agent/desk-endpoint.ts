import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { AgentKeyProvider } from './agent-provider.js'
import { DeskConnection } from './desk-connection.js'
import { agentPath, agentProtocol, largestFrame } from './protocol.js'

/** Offers read in one round; with the bytes they are made of they may be large. */
const offersAtOnce = 100
/** Sockets that have not proved a key yet: anybody may open one. A further one ends the oldest, so that desks still come through. */
const mostUngreeted = 200

/** Bounds of the endpoint; tests set them. */
export interface EndpointOptions {
  /** How often rows are looked at for what other processes changed, and sockets for life. Milliseconds. */
  readonly beatMs?: number
  readonly mostConnections?: number
}

/** The host's side of the web socket: greets desks, offers what is pending, takes answers, ends what was stopped. */
export class DeskEndpoint {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: largestFrame,
    perMessageDeflate: false,
    handleProtocols: () => agentProtocol,
  })
  private readonly connections = new Set<DeskConnection>()
  private readonly timer: NodeJS.Timeout
  private beating: Promise<void> | undefined
  private again = false
  private closed = false
  private readonly onRequest = (): void => {
    this.beat()
  }
  private readonly onStopped = (agentId: string): void => {
    for (const connection of this.connections) if (connection.agentId === agentId) connection.end('stopped')
  }

  constructor(
    private readonly provider: AgentKeyProvider,
    private readonly options: EndpointOptions = {},
  ) {
    this.timer = setInterval(() => {
      this.beat()
    }, options.beatMs ?? 1_000)
    this.timer.unref()
    provider.requests.bell.on('request', this.onRequest)
    provider.desks.bell.on('stopped', this.onStopped)
  }

  /**
   * Takes over a web socket at `/agent/v1`. Programs send no Origin; pages of any site do and are refused.
   * @returns false when the address is another's
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (request.url !== agentPath) return false
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    if (this.closed || request.headers.origin !== undefined || !offered.includes(agentProtocol)) {
      refuse(socket, '403 Forbidden')
    } else if (this.admitted >= (this.options.mostConnections ?? 2_000)) {
      refuse(socket, '503 Service Unavailable')
    } else {
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.add(webSocket)
      })
    }
    return true
  }

  /** Takes no more desks, says goodbye to those connected and waits for their ends to be written. */
  async close(): Promise<void> {
    this.closed = true
    clearInterval(this.timer)
    this.provider.requests.bell.off('request', this.onRequest)
    this.provider.desks.bell.off('stopped', this.onStopped)
    for (const connection of this.connections) connection.end('host stops')
    this.sockets.close()
    await this.beating
    await Promise.allSettled([...this.connections].map((connection) => connection.ended))
  }

  private get admitted(): number {
    let count = 0
    for (const { agentId } of this.connections) if (agentId !== undefined) count++
    return count
  }

  private add(webSocket: WebSocket): void {
    const ungreeted = [...this.connections].filter(({ agentId }) => agentId === undefined)
    const [oldest] = ungreeted
    if (oldest !== undefined && ungreeted.length >= mostUngreeted) {
      this.connections.delete(oldest)
      oldest.drop()
    }
    const connection = new DeskConnection(webSocket, this.provider, () => {
      this.beat()
    })
    this.connections.add(connection)
    webSocket.on('close', () => {
      this.connections.delete(connection)
    })
  }

  /** One round at a time; a bell during a round asks for another. */
  private beat(): void {
    if (this.beating !== undefined) {
      this.again = true
      return
    }
    this.beating = this.round()
      .catch((error: unknown) => {
        this.provider.parts.logger.warn({ err: error }, 'desks could not be told what is pending')
      })
      .finally(() => {
        this.beating = undefined
        if (this.again && !this.closed) {
          this.again = false
          this.beat()
        }
      })
  }

  private async round(): Promise<void> {
    const ready = [...this.connections].filter((connection) => connection.companyId !== undefined)
    for (const connection of this.connections) connection.checkLife()
    const companies = new Set(ready.flatMap(({ companyId }) => (companyId === undefined ? [] : [companyId])))
    for (const companyId of companies) {
      const own = ready.filter((connection) => connection.companyId === companyId)
      const { desks, requests, parts } = this.provider
      const found = await parts.database.company(companyId, async (transaction) => {
        const paired = await desks.pairedIds(transaction)
        const ids = await requests.pendingIds(transaction)
        // The bytes are read for those alone that some desk was not told of, a part at a time.
        const untold = ids.filter((id) => own.some((connection) => connection.takes(id))).slice(0, offersAtOnce)
        return { paired, ids, offers: await requests.offers(transaction, untold), more: untold.length === offersAtOnce }
      })
      for (const connection of own) {
        // Unpaired by another process of this host.
        if (connection.agentId === undefined || !found.paired.has(connection.agentId)) connection.end('stopped')
        else await connection.offer(new Set(found.ids), found.offers)
      }
      this.again ||= found.more
    }
  }
}

/** Answers the upgrade with a status line (`401 Unauthorized`) in place of a WebSocket (RFC 6455, clause 4.2.2). */
export function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
