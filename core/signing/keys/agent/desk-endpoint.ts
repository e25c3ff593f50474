import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { AgentKeyProvider } from './agent-provider.js'
import { DeskConnection } from './desk-connection.js'
import { agentPath, agentProtocol, largestFrame } from './protocol.js'

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
    } else if (this.connections.size >= (this.options.mostConnections ?? 2_000)) {
      refuse(socket, '503 Service Unavailable')
    } else {
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.add(webSocket)
      })
    }
    return true
  }

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

  private add(webSocket: WebSocket): void {
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
      const desks = await this.provider.parts.database.company(companyId, (transaction) => this.provider.desks.list(transaction))
      const paired = new Set(desks.filter(({ state }) => state === 'paired').map(({ id }) => id))
      const pending = await this.provider.requests.pending(companyId)
      for (const connection of own) {
        // Unpaired by another process of this host.
        if (connection.agentId === undefined || !paired.has(connection.agentId)) connection.end('stopped')
        else await connection.offer(pending)
      }
    }
  }
}

export function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
