import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { rootCertificates } from 'node:tls'
import { z } from 'zod'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded, type GuardedAnswer, type GuardedRequest } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { credentialsOf, type EtaCredentials } from '../company/credentials.js'
import { clockAhead, noteClock } from './authority-clock.js'
import { addressesOf, trialRoot, type EtaAddresses } from './eta-addresses.js'
import { holdOf, limitName, longestHoldMs, noteLimits } from './rate-limits.js'

/** The authority takes seconds under load; beyond this nobody knows. */
const timeoutMs = 30_000
const maximumAnswerBytes = 8 * 1024 * 1024
/** A token is renewed this long before it ends, so that none ends on the way. */
const spareSeconds = 60
const longestWaitSeconds = 600

export type EtaMethod = 'GET' | 'POST' | 'PUT'

export interface EtaCall {
  readonly method: EtaMethod
  /** Below the API's address: `api/v1/documentsubmissions`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Buffer
  readonly accept?: string
  /** Longest answer taken, in bytes; for packages. */
  readonly maxBytes?: number
  readonly timeoutMs?: number
  /** Receipts are sent by a point of sale, which logs in under its own name. */
  readonly pos?: EtaPos
}

/** A point of sale as it was registered on the portal. */
export interface EtaPos {
  readonly serial: string
  readonly osVersion: string
  /** At most 10 characters. */
  readonly model: string
  readonly presharedKey: string
}

export interface EtaReply {
  readonly status: number
  readonly bytes: Buffer
  readonly text: string
  /** Undefined when the body is not JSON. */
  readonly json: unknown
  readonly mediaType: string
  /** The authority's own name of the call, for its help desk. */
  readonly correlationId: string | null
  /** When it asks to come back. */
  readonly retryAt: Date | undefined
}

/** As uncertain as the rest for whoever waits for an answer, but the authority has certainly done nothing. */
export class NotCarriedOut extends SubmissionUncertain {}

type Context = Pick<CompanyContext, 'companyId' | 'locale'>

interface Token {
  readonly value: string
  readonly until: number
}

/** Tokens by company and client; a promise stands for one that is on its way, so that many callers ask once. */
const tokens = new Map<string, Promise<Token>>()
/** Which of the two secrets opened last, by client. */
const workingSecret = new Map<string, number>()
/** Hosts (with their port) that were found to need the old TLS handshake. */
const legacyHosts = new Set<string>()
/** The authority's own may be spoken to with it; further ones the operator names. */
const ownHosts = /(?:^|\.)eta\.gov\.eg$/

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().catch(3600) })

/**
 * One authorised call to the authority. An expired token is renewed once: a call that was refused for its token was not carried out.
 * Statuses are judged by the caller, save those that say nothing about the call itself.
 * @throws SubmissionUncertain for time-outs, resets, 429, 503 and other 5xx: nobody knows, or it was not done
 * @throws Fault EG-CREDENTIALS-MISSING, EG-CREDENTIALS-REFUSED, EG-SANDBOX-MISSING, HTTP-ADDRESS-REFUSED
 */
export async function callEta(host: Host, context: Context, company: Company, call: EtaCall): Promise<EtaReply> {
  const credentials = await credentialsOf(host, context)
  const addresses = addressesOf(host.config, company, credentials.environment)
  const first = await send(host, context, credentials, addresses, call)
  if (first.reply.status !== 401) return judged(first.reply)
  await forgetToken(context.companyId, credentials, call.pos, first.token)
  const { reply } = await send(host, context, credentials, addresses, call)
  if (reply.status === 401) throw new Fault('EG-CREDENTIALS-REFUSED', { status: 502, params: { reply: reply.text.slice(0, 200) } })
  return judged(reply)
}

function judged(reply: EtaReply): EtaReply {
  if (reply.status !== 429 && reply.status < 500) return reply
  // The authority's help desk finds the call by its own name of it.
  const reason = `HTTP ${reply.status}${reply.correlationId === null ? '' : `, correlationId ${reply.correlationId.slice(0, 60)}`}`
  throw reply.status === 429 ? new NotCarriedOut(reason, reply.retryAt) : new SubmissionUncertain(reason, reply.retryAt)
}

interface Sent {
  readonly reply: EtaReply
  readonly token: Token
}

async function send(host: Host, context: Context, credentials: EtaCredentials, addresses: EtaAddresses, call: EtaCall): Promise<Sent> {
  const token = await tokenOf(host, context, credentials, addresses, call.pos)
  const limit = limitName([context.companyId, credentials.environment, credentials.clientId].join(' '), call.method, call.path)
  const hold = holdOf(limit, Date.now())
  // Nothing is sent that the authority has said it will refuse.
  if (hold > longestHoldMs) throw new NotCarriedOut('the authority’s limit of calls', new Date(host.now().getTime() + hold))
  // A timer may ring up to a millisecond early.
  if (hold > 0) await sleep(hold + 1)
  const url = new URL(`${addresses.api}/${call.path}`)
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, value)
  const answer = await exchange(host, credentials, url, {
    method: call.method,
    headers: {
      authorization: `Bearer ${token.value}`,
      accept: call.accept ?? 'application/json',
      'accept-language': context.locale === 'ar' ? 'ar' : 'en',
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(call.body === undefined ? {} : { body: call.body }),
    timeoutMs: call.timeoutMs ?? timeoutMs,
    maxBytes: call.maxBytes ?? maximumAnswerBytes,
  })
  noteClock(addresses.api, answer.headers.date, host.now())
  const reply = replyOf(answer, host.now())
  const wait = reply.retryAt === undefined ? undefined : new Date(Date.now() + reply.retryAt.getTime() - host.now().getTime())
  noteLimits(limit, answer.status, answer.headers, wait, Date.now())
  return { reply, token }
}

/** What is wrong on the way is uncertain; an address that may not be reached is our set-up. */
async function exchange(host: Host, credentials: EtaCredentials, url: URL, request: GuardedRequest): Promise<GuardedAnswer> {
  const root = trialRoot(host.config, credentials.environment)
  const whole: GuardedRequest = {
    ...request,
    allowPrivate: host.config.allowedPrivateOrigins,
    ...(root === undefined ? {} : { ca: [...rootCertificates, root].join('\n') }),
  }
  try {
    return await fetchGuarded(url, { ...whole, legacyTls: legacyHosts.has(url.host) })
  } catch (error) {
    const allowed = ownHosts.test(url.hostname) || (host.config.legacyTlsHosts ?? []).includes(url.host)
    if (needsLegacyTls(error) && allowed && !legacyHosts.has(url.host)) {
      // The handshake failed: nothing of the call was sent yet.
      legacyHosts.add(url.host)
      return exchange(host, credentials, url, request)
    }
    if (error instanceof Fault && error.code.startsWith('HTTP-') && error.code !== 'HTTP-ADDRESS-REFUSED') {
      const remedy = needsLegacyTls(error) && !allowed ? ' (old TLS handshake: legacyTlsHosts)' : ''
      throw new SubmissionUncertain(`${error.code} ${Object.values(error.params).join(' ')}${remedy}`)
    }
    throw error
  }
}

/** The handshake ended because the peer cannot renegotiate safely; the words of OpenSSL stand in the cause, below a general code. */
export function needsLegacyTls(error: unknown): boolean {
  if (!(error instanceof Fault) || error.code !== 'HTTP-UNREACHABLE') return false
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /unsafe[ _]legacy[ _]renegotiation/i.test(`${code} ${String(error.params.reason)} ${cause instanceof Error ? cause.message : ''}`)
}

function replyOf(answer: GuardedAnswer, now: Date): EtaReply {
  const text = answer.body.toString('utf8')
  return {
    status: answer.status,
    bytes: answer.body,
    text,
    json: parsed(text),
    mediaType: answer.headers['content-type'] ?? '',
    correlationId: answer.headers.correlationid ?? null,
    retryAt: retryAfter(answer.headers, now),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Seconds or a date (RFC 9110 section 10.2.3), at most ten minutes. A date is counted from the answer's own `Date`: whose clock is wrong
 * does not matter then.
 */
function retryAfter(headers: Readonly<Record<string, string>>, now: Date): Date | undefined {
  const header = headers['retry-after']
  if (header === undefined) return undefined
  const said = Date.parse(headers.date ?? '')
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - (Number.isNaN(said) ? now.getTime() : said)) / 1000
  return Number.isFinite(seconds) && seconds >= 0 ? new Date(now.getTime() + Math.min(seconds, longestWaitSeconds) * 1000) : undefined
}

/** Names the client without holding its secret: a changed secret is another name, and asks for another token. */
function nameOf(companyId: string, { environment, clientId, clientSecrets }: EtaCredentials, pos: EtaPos | undefined): string {
  const secrets = createHash('sha256')
    .update([...clientSecrets, ...Object.values<string>({ ...pos })].join('\u0000'))
    .digest('hex')
  return [companyId, environment, clientId, secrets].join(' ')
}

/** Without `refused`: whatever token is kept. With it: that one alone, since another call may have renewed it already. */
async function forgetToken(companyId: string, credentials: EtaCredentials, pos?: EtaPos, refused?: Token): Promise<void> {
  const name = nameOf(companyId, credentials, pos)
  const known = tokens.get(name)
  const kept = refused === undefined ? undefined : await known?.catch(() => undefined)
  if ((refused === undefined || kept === refused) && tokens.get(name) === known) tokens.delete(name)
}

async function tokenOf(host: Host, context: Context, credentials: EtaCredentials, addresses: EtaAddresses, pos?: EtaPos): Promise<Token> {
  const name = nameOf(context.companyId, credentials, pos)
  const known = tokens.get(name)
  if (known !== undefined) {
    const token = await known
    if (token.until > Date.now()) return token
    // Somebody else may have asked for a new one in the meantime.
    if (tokens.get(name) === known) tokens.delete(name)
  }
  const waiting = tokens.get(name) ?? askToken(host, credentials, addresses, pos)
  tokens.set(name, waiting)
  waiting.catch(() => {
    if (tokens.get(name) === waiting) tokens.delete(name)
  })
  return waiting
}

/** The secret that worked last, then the other one: while the portal renews one of them, the other still opens. */
async function askToken(host: Host, credentials: EtaCredentials, addresses: EtaAddresses, pos?: EtaPos): Promise<Token> {
  const { clientId, clientSecrets } = credentials
  const first = workingSecret.get(clientId) ?? 0
  const places = clientSecrets.map((_secret, place) => place).sort((one, other) => Number(other === first) - Number(one === first))
  let said = ''
  for (const place of places) {
    const answer = await exchange(host, credentials, new URL(`${addresses.identity}/connect/token`), {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecrets[place] ?? ''}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        ...(pos === undefined
          ? {}
          : { posserial: pos.serial, pososversion: pos.osVersion, posmodelframework: pos.model, presharedkey: pos.presharedKey }),
      },
      body: 'grant_type=client_credentials&scope=InvoicingAPI',
      timeoutMs,
      maxBytes: 64 * 1024,
    })
    if (answer.status === 429 || answer.status >= 500)
      throw new SubmissionUncertain(`token: HTTP ${answer.status}`, retryAfter(answer.headers, host.now()))
    const body = answer.status === 200 ? tokenAnswer.safeParse(parsed(answer.body.toString('utf8'))) : undefined
    if (body?.success === true) {
      workingSecret.set(clientId, place)
      return { value: body.data.access_token, until: Date.now() + Math.max(1, body.data.expires_in - spareSeconds) * 1000 }
    }
    if (answer.status === 200) throw new SubmissionUncertain('the token cannot be read')
    said = answer.body.toString('utf8').slice(0, 200)
    // 400 with another word than invalid_client is no matter of the secret.
    if (answer.status === 400 && !said.includes('invalid_client')) break
  }
  throw new Fault('EG-CREDENTIALS-REFUSED', { status: 502, params: { reply: said } })
}

/**
 * Makes sure a call could be authorised: after this has failed, nothing was sent. Costs nothing while a token is at hand.
 * @throws as `callEta`
 */
export async function openEta(host: Host, context: Context, company: Company): Promise<void> {
  const credentials = await credentialsOf(host, context)
  await tokenOf(host, context, credentials, addressesOf(host.config, company, credentials.environment))
}

/** The moment it is at the authority, as far as its answers tell: this host's clock may be wrong, and its rows are found by the authority's. */
export async function timeAtEta(host: Host, context: Context, company: Company): Promise<Date> {
  const { environment } = await credentialsOf(host, context)
  return new Date(host.now().getTime() + clockAhead(addressesOf(host.config, company, environment).api))
}

/** Asks for a token and nothing more: the test of the credentials. @throws as `callEta` */
export async function testCredentials(host: Host, context: Context, company: Company): Promise<void> {
  const credentials = await credentialsOf(host, context)
  await forgetToken(context.companyId, credentials)
  await tokenOf(host, context, credentials, addressesOf(host.config, company, credentials.environment))
}
