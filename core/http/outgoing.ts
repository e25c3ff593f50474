import { lookup } from 'node:dns/promises'
import { constants } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Fault } from '../i18n/fault.js'

/** A request to the outside, and its bounds. */
export interface GuardedRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Whole exchange, connect to last byte. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  /** Longest answer body taken, in bytes. Default 1 MiB. */
  readonly maxBytes?: number
  /** Origins (`http://127.0.0.1:9000`) that may lie on private or loopback addresses: `config.allowedPrivateOrigins`. */
  readonly allowPrivate?: readonly string[]
  /** Further trusted roots, PEM, for the TLS of this call alone. */
  readonly ca?: string
  /**
   * Kept connections, with the client certificate and roots of one peer (mutual TLS). Each was checked when it was opened.
   * Default: a connection of its own for this call.
   */
  readonly agent?: https.Agent | http.Agent
  /**
   * For a peer whose TLS cannot renegotiate safely (RFC 5746): OpenSSL 3 refuses it otherwise. Only for hosts known to need it; the
   * certificate is checked as always.
   */
  readonly legacyTls?: boolean
  readonly signal?: AbortSignal
}

/** The whole answer; a status of 400 and above is an answer too. */
export interface GuardedAnswer {
  readonly status: number
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Ranges no call may reach unless its origin is allow-listed: IANA special-purpose registries (RFC 6890 and successors). */
const refused = new BlockList()
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  refused.addSubnet(address, prefix, 'ipv4')
}
for (const [address, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  refused.addSubnet(address, prefix, 'ipv6')
}

/** True for addresses a call may not reach without an allow-listed origin; IPv4-mapped IPv6 counts as its IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 0) return true
  return refused.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/**
 * The only way out of the host: http or https, the name resolved once and the connection pinned to that address (no DNS
 * rebinding between check and use), private and loopback addresses refused, no redirects (a 3xx is handed back as it is),
 * bounded in time and size. Statuses are not judged.
 * @throws Fault HTTP-ADDRESS-REFUSED, HTTP-TIMEOUT, HTTP-UNREACHABLE, HTTP-ANSWER-TOO-LARGE (status 502 to the reader)
 */
export async function fetchGuarded(target: string | URL, request: GuardedRequest = {}): Promise<GuardedAnswer> {
  const url = parseTarget(target)
  const timeoutMs = request.timeoutMs ?? 5_000
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal])
  const allowed = (request.allowPrivate ?? []).some((origin) => originOf(origin) === url.origin)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const address = await resolveOnce(host, url, deadline, timeoutMs)
  if (!allowed && isPrivateAddress(address)) throw new Fault('HTTP-ADDRESS-REFUSED', { params: { url: url.origin, address }, status: 502 })
  return exchange(url, address, request, signal, deadline, timeoutMs)
}

function parseTarget(target: string | URL): URL {
  let url: URL
  try {
    url = new URL(target)
  } catch (cause) {
    throw new Fault('HTTP-ADDRESS-REFUSED', { params: { url: String(target), address: '' }, status: 502, cause })
  }
  const plain = url.username === '' && url.password === ''
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || !plain) {
    throw new Fault('HTTP-ADDRESS-REFUSED', { params: { url: `${url.protocol}//${url.host}`, address: '' }, status: 502 })
  }
  return url
}

function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined
}

async function resolveOnce(host: string, url: URL, deadline: AbortSignal, timeoutMs: number): Promise<string> {
  if (isIP(host) !== 0) return host
  const late = new Promise<never>((_resolve, reject) => {
    deadline.addEventListener(
      'abort',
      () => {
        reject(timedOut(url, timeoutMs))
      },
      { once: true },
    )
  })
  const found = lookup(host, { verbatim: true }).catch((cause: unknown) => {
    throw unreachable(url, cause)
  })
  return (await Promise.race([found, late])).address
}

function exchange(
  url: URL,
  address: string,
  request: GuardedRequest,
  signal: AbortSignal,
  deadline: AbortSignal,
  timeoutMs: number,
): Promise<GuardedAnswer> {
  const maxBytes = request.maxBytes ?? 1024 * 1024
  const family = isIP(address)
  const pinned: LookupFunction = (_name, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
  // A view, never a copy: a caller who sends a secret wipes it afterwards.
  const { body: given } = request
  const body =
    given === undefined
      ? undefined
      : typeof given === 'string'
        ? Buffer.from(given)
        : Buffer.from(given.buffer, given.byteOffset, given.length)
  const headers: Record<string, string> = { 'user-agent': 'khatm', ...request.headers }
  if (body !== undefined) headers['content-length'] = String(body.length)
  return new Promise<GuardedAnswer>((resolve, reject) => {
    const fail = (error: unknown): void => {
      if (error instanceof Fault) reject(error)
      else if (deadline.aborted) reject(timedOut(url, timeoutMs))
      else reject(unreachable(url, error))
    }
    const options = { method: request.method ?? 'GET', headers, lookup: pinned, signal, agent: request.agent ?? (false as const) }
    const onAnswer = (answer: http.IncomingMessage): void => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > maxBytes) {
          fail(new Fault('HTTP-ANSWER-TOO-LARGE', { params: { url: url.origin, limit: maxBytes }, status: 502 }))
          answer.destroy()
        } else chunks.push(chunk)
      })
      answer.on('error', fail)
      answer.on('aborted', () => {
        fail(new Error('connection closed before the answer was complete'))
      })
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: flatten(answer.headers), body: Buffer.concat(chunks) })
      })
    }
    const call =
      url.protocol === 'https:'
        ? https.request(url, { ...options, ...tlsOptions(request) }, onAnswer)
        : http.request(url, options, onAnswer)
    call.on('error', fail)
    call.end(body)
  })
}

function tlsOptions({ ca, legacyTls }: GuardedRequest): https.RequestOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(legacyTls === true ? { secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT } : {}),
  }
}

function flatten(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  return flat
}

function timedOut(url: URL, timeoutMs: number): Fault {
  return new Fault('HTTP-TIMEOUT', { params: { url: url.origin, seconds: timeoutMs / 1000 }, status: 502 })
}

function unreachable(url: URL, cause: unknown): Fault {
  const reason = cause instanceof Error ? ('code' in cause && typeof cause.code === 'string' ? cause.code : cause.message) : String(cause)
  return new Fault('HTTP-UNREACHABLE', { params: { url: url.origin, reason }, status: 502, cause })
}
