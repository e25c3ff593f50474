import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { Fault } from '../../i18n/fault.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { CscProtocol, type CscAnswer, type CscCaller, type CscVersion } from './csc-protocol.js'
import { SignerBackend, type SignerLogger } from './signer-backend.js'
import { fingerprintOf, loadSignerConfiguration, readSignerFile, type SignerConfiguration } from './signer-configuration.js'
import { StoppedCredentials } from './stopped-credentials.js'
import { UseLog, type LogHead, type UseEntry } from './use-log.js'

/** A running signing process. */
export interface Signer {
  /** `https://host:port/csc`; append `/v1` or `/v2`. */
  readonly url: string
  readonly credentials: readonly string[]
  /** End of the use log. */
  head(): LogHead
  /** Reads configuration, keys, certificates and clients again. What is under way ends with the old ones. @throws Fault; the old ones stay then */
  reload(): Promise<void>
  /** Takes no further request, finishes what is under way, closes log and keys. */
  stop(): Promise<void>
}

/** What one reading of the configuration makes. */
interface Loaded {
  readonly configuration: SignerConfiguration
  readonly backend: SignerBackend
  readonly protocol: CscProtocol
}

interface RequestFacts {
  readonly loaded: Loaded
  readonly caller: CscCaller
}

/**
 * Starts the signing process of a configuration file.
 * @throws Fault SIGNER-CONFIG-INVALID, SIGNER-RUNNING, SIGNER-LOG-BROKEN, SIGNER-PORT-TAKEN, …
 */
export async function startSigner(file: string, logger: SignerLogger, now: () => Date = () => new Date()): Promise<Signer> {
  const first = loadSignerConfiguration(file)
  const log = await UseLog.open(first.stateFolder, now)
  try {
    return await new SignerProcess(file, log, logger, now).start(first)
  } catch (error) {
    await log.close()
    throw error
  }
}

class SignerProcess {
  private loaded: Loaded | undefined
  private readonly callers = new WeakMap<Socket, string>()
  private stops = new Set<string>()
  private underWay = 0
  private stopping = false

  constructor(
    private readonly file: string,
    private readonly log: UseLog,
    private readonly logger: SignerLogger,
    private readonly now: () => Date,
  ) {}

  async start(configuration: SignerConfiguration): Promise<Signer> {
    const stopped = new StoppedCredentials(configuration.stateFolder)
    let loaded = this.load(configuration, stopped)
    this.loaded = loaded
    const handler = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      this.serve(request, response, stopped)
    }
    const server = configuration.tls === undefined ? http.createServer(handler) : https.createServer(tlsOptions(configuration), handler)
    server.requestTimeout = 15_000
    server.headersTimeout = 10_000
    server.keepAliveTimeout = 60_000
    server.maxConnections = 500
    try {
      await listen(server, configuration)
    } catch (error) {
      await loaded.backend.close()
      throw error
    }
    await this.record({ event: 'started', reason: `${loaded.backend.ids.length} credentials` })
    for (const { credential, reason } of await loaded.backend.warmUp())
      this.logger.warn({ credential, reason }, 'the key of this credential does not answer yet')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : configuration.port
    const host = configuration.listen.includes(':') ? `[${configuration.listen}]` : configuration.listen
    return {
      url: `${configuration.tls === undefined ? 'http' : 'https'}://${host}:${port}/csc`,
      get credentials() {
        return loaded.backend.ids
      },
      head: () => this.log.head,
      reload: async () => {
        const read = loadSignerConfiguration(this.file)
        if (server instanceof https.Server) {
          if (read.tls === undefined)
            throw new Fault('SIGNER-CONFIG-INVALID', { params: { file: this.file, path: 'tls', reason: 'missing' } })
          server.setSecureContext(tlsOptions(read))
        }
        const before = loaded
        loaded = this.load(read, stopped)
        this.loaded = loaded
        server.closeIdleConnections()
        await this.record({ event: 'reloaded', reason: `${loaded.backend.ids.length} credentials` })
        await loaded.backend.warmUp()
        // What is under way still holds the old keys; they are closed when the longest request must be over.
        setTimeout(() => void before.backend.close(), 30_000).unref()
      },
      stop: async () => {
        this.stopping = true
        const closed = new Promise((resolve) => {
          server.close(resolve)
        })
        server.closeIdleConnections()
        for (let waited = 0; this.underWay > 0 && waited < 10_000; waited += 20) await wait(20)
        server.closeAllConnections()
        await closed
        // A log that cannot be written has said so at every use; it must not keep the process from ending.
        await this.record({ event: 'ended' }).catch((error: unknown) => {
          this.logger.warn({ err: error }, 'the use log cannot be written')
        })
        await loaded.backend.close()
        await this.log.close()
      },
    }
  }

  private load(configuration: SignerConfiguration, stopped: StoppedCredentials): Loaded {
    const backend = new SignerBackend(configuration, stopped, (entry) => this.record(entry), this.logger)
    const { hashes, sadSeconds } = configuration.limits
    const protocol = new CscProtocol(backend, { hashes, sadSeconds, authorisations: 10_000 }, () => this.now().getTime())
    return { configuration, backend, protocol }
  }

  private record(entry: UseEntry): Promise<void> {
    return this.log.append(entry, this.now())
  }

  private serve(request: http.IncomingMessage, response: http.ServerResponse, stopped: StoppedCredentials): void {
    this.underWay++
    this.answer(request, stopped)
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'request failed')
        return refusal(500, 'server_error', 'The service met an unexpected condition')
      })
      .then((answer) => {
        send(response, answer, this.stopping)
      })
      .catch(() => response.destroy())
      .finally(() => {
        this.underWay--
      })
  }

  private async answer(request: http.IncomingMessage, stopped: StoppedCredentials): Promise<CscAnswer> {
    const { loaded } = this
    if (loaded === undefined) return refusal(503, 'server_error', 'starting')
    const caller = this.callerOf(request, loaded.configuration)
    if (caller === undefined) {
      this.logger.warn({ subject: this.certificateOf(request.socket)?.subject }, 'a certificate no client is configured for')
      return refusal(403, 'access_denied', 'This client is not known here')
    }
    await this.noticeStops(loaded, stopped)
    const path = request.url ?? '/'
    if (request.method === 'GET' && path === '/health') return { status: 200, body: this.health({ loaded, caller }, stopped) }
    const read = /^\/csc\/v([12])\/([\w/]{1,60})$/.exec(path)
    const [, version, method] = read ?? []
    if ((version !== '1' && version !== '2') || method === undefined) return refusal(404, 'not_found', 'There is nothing at this address')
    if (request.method !== 'POST') return refusal(405, 'invalid_request', 'Use POST')
    return this.call({ loaded, caller }, version, method, request)
  }

  private async call(
    { loaded, caller }: RequestFacts,
    version: CscVersion,
    method: string,
    request: http.IncomingMessage,
  ): Promise<CscAnswer> {
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return refusal(415, 'invalid_request', 'Use application/json')
    const body = await readBody(request, loaded.configuration.limits.bodyBytes)
    if (body === undefined) return refusal(413, 'invalid_request', 'The request is too large')
    let value: unknown
    try {
      value = JSON.parse(body.toString('utf8'))
    } catch {
      return refusal(400, 'invalid_request', 'The request is no JSON')
    } finally {
      // It may hold a PIN.
      body.fill(0)
    }
    return loaded.protocol.answer(version, method, value, caller)
  }

  /** Who stands at the other end: looked up for every request, so a client taken out by a reload is out at once. */
  private callerOf(request: http.IncomingMessage, configuration: SignerConfiguration): CscCaller | undefined {
    const { plainHttp, clients } = configuration
    if (plainHttp !== undefined) return { name: plainHttp.client }
    const certificate = this.certificateOf(request.socket)
    if (certificate === undefined) return undefined
    const client = clients.find((one) =>
      one.fingerprint === undefined ? one.subject === certificate.subject : fingerprintOf(one.fingerprint) === certificate.fingerprint,
    )
    return client === undefined ? undefined : { name: client.name }
  }

  private certificateOf(socket: Socket): { fingerprint: string; subject: string } | undefined {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
    const known = this.callers.get(socket)
    if (known !== undefined) {
      const [fingerprint = '', ...subject] = known.split('|')
      return { fingerprint, subject: subject.join('|') }
    }
    const peer = socket.getPeerCertificate()
    // An empty object when there is none.
    if (!Buffer.isBuffer(peer.raw)) return undefined
    const { sha256, subject } = readCertificate(peer.raw)
    this.callers.set(socket, `${sha256}|${subject}`)
    return { fingerprint: sha256, subject }
  }

  /** A stop that came since the last request: authorisations that wait are dropped, and the log says so. */
  private async noticeStops({ protocol }: Loaded, stopped: StoppedCredentials): Promise<void> {
    const all = stopped.all()
    if (all.length === this.stops.size) return
    const fresh = all.filter((credential) => !this.stops.has(credential))
    this.stops = new Set(all)
    for (const credential of fresh) {
      protocol.forget(credential)
      await this.record({ event: 'credential-stopped', credential, reason: (stopped.get(credential)?.reason ?? '').slice(0, 200) })
    }
  }

  private health({ loaded, caller }: RequestFacts, stopped: StoppedCredentials): object {
    const mine = loaded.configuration.credentials.filter((one) => one.clients.includes(caller.name))
    return {
      status: 'ok',
      client: caller.name,
      credentials: mine.map(({ id }) => ({ id, state: stopped.get(id) === undefined ? 'active' : 'stopped' })),
      log: this.log.head,
    }
  }
}

function tlsOptions({ tls }: SignerConfiguration): https.ServerOptions {
  if (tls === undefined) throw new RangeError('tls')
  return {
    cert: readSignerFile(tls.certificateFile),
    key: readSignerFile(tls.keyFile),
    ca: readSignerFile(tls.clientAuthorityFile),
    // A certificate that was lost keeps its subject: the authority's list says that it counts no more.
    ...(tls.clientRevocationFile === undefined ? {} : { crl: readSignerFile(tls.clientRevocationFile) }),
    // Whoever has no certificate must not hold connections of those who have.
    handshakeTimeout: 10_000,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  }
}

function listen(server: http.Server | https.Server, { port, listen: host }: SignerConfiguration): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Fault('SIGNER-PORT-TAKEN', { params: { address: `${host}:${port}`, reason: cause.message }, status: 409, cause }))
    })
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      // A broken connection is its client's affair.
      server.on('error', () => undefined)
      resolve()
    })
  })
}

/** @returns undefined when it is longer than `limit` bytes */
function readBody(request: http.IncomingMessage, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else {
        request.pause()
        resolve(undefined)
      }
    })
    request.on('end', () => {
      const whole = Buffer.concat(chunks)
      for (const chunk of chunks) chunk.fill(0)
      resolve(whole)
    })
    request.on('error', reject)
    request.on('aborted', () => {
      reject(new Error('connection closed before the request was complete'))
    })
  })
}

function send(response: http.ServerResponse, answer: CscAnswer, last: boolean): void {
  const { status, body, retryAfter } = answer
  // A request that was too long is not read to its end: its connection ends with the answer.
  const close = last || status === 413
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(close ? { connection: 'close' } : {}),
  })
  response.end(JSON.stringify(body))
}

function refusal(status: number, error: string, description: string): CscAnswer {
  return { status, body: { error, error_description: description } }
}
