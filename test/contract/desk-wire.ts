import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer, type RawData } from 'ws'

/**
 * Stands between desk and host like a firewall that opens TLS, and keeps every byte that passes, both ways, frames without their masks:
 * what a network ever sees of a batch.
 */
export class DeskWire {
  readonly passed: Buffer[] = []
  private readonly server: http.Server
  private readonly sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first ?? false })

  constructor(private readonly target: () => string) {
    this.server = http.createServer((request, response) => {
      const onward = http.request(
        `${this.target()}${request.url ?? '/'}`,
        { method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.on('data', (chunk: Buffer) => this.keep(chunk))
          answer.pipe(response)
        },
      )
      onward.on('error', () => response.destroy())
      this.keep(Buffer.from(JSON.stringify(request.headers)))
      request.on('data', (chunk: Buffer) => this.keep(chunk))
      request.pipe(onward)
    })
    this.server.on('upgrade', (request, socket, head) => {
      const protocol = request.headers['sec-websocket-protocol'] ?? ''
      const onward = new WebSocket(`${this.target().replace(/^http/, 'ws')}${request.url ?? '/'}`, protocol)
      onward.on('error', () => socket.destroy())
      onward.on('open', () => {
        this.sockets.handleUpgrade(request, socket, head, (near) => {
          this.join(near, onward)
          this.join(onward, near)
        })
      })
    })
  }

  /** @returns the address desks are told */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve)
    })
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}` // a listening TCP server has an AddressInfo
  }

  async close(): Promise<void> {
    for (const one of this.sockets.clients) one.terminate()
    this.server.closeAllConnections()
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve()
      })
    })
  }

  private join(from: WebSocket, to: WebSocket): void {
    from.on('message', (data: RawData, binary: boolean) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer) // ws gives buffers unless told otherwise
      this.keep(bytes)
      if (to.readyState === to.OPEN) to.send(bytes, { binary })
    })
    from.on('ping', () => to.readyState === to.OPEN && to.ping())
    from.on('close', () => {
      to.close()
    })
    from.on('error', () => {
      to.terminate()
    })
  }

  private keep(bytes: Buffer): void {
    this.passed.push(bytes)
  }
}
