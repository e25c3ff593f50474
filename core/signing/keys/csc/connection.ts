import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import type { Configuration } from '../../../../config/schema.js'
import { fetchGuarded, type GuardedAnswer } from '../../../http/outgoing.js'
import { Fault } from '../../../i18n/fault.js'
import { errorAnswer, infoAnswer, tokenAnswer, type InfoAnswer } from './answers.js'
import { wrongPin } from './pin-file.js'

/** A service as the configuration names it. */
export type CscService = Configuration['signing']['csc'][number]

/** How long a request may take. */
export interface ConnectionLimits {
  /** One request, connect to last byte. Milliseconds. */
  readonly timeoutMs: number
  /** Longest wait a 429 may ask for before the request is given up. Milliseconds. */
  readonly patienceMs: number
}

/** What a service refused, with the words of its `{error, error_description}`. */
export class CscRefusal extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly description: string,
  ) {
    super(`${status} ${error}`)
    this.name = 'CscRefusal'
  }

  /** A service may say the secret back that it refused: then its words go no further. */
  without(secret: Buffer): CscRefusal {
    const echoed = secret.length > 0 && Buffer.from(`${this.error} ${this.description}`).includes(secret)
    return echoed ? new CscRefusal(this.status, 'refused', '') : this
  }
}

interface Token {
  readonly value: string
  readonly until: number
}

/** An answer never needs more: a thousand RSA-4096 signatures in base64 are 700 kB. */
const longestAnswer = 1024 * 1024

/** One CSC service: address, client certificate, access token. */
export class CscConnection {
  private readonly agent: http.Agent | https.Agent
  private readonly base: string
  private token: Promise<Token> | undefined
  private about: Promise<InfoAnswer> | undefined

  /** @throws Fault SIGN-CSC-INSECURE, SIGN-CSC-FILE-MISSING */
  constructor(
    readonly service: CscService,
    private readonly limits: ConnectionLimits,
  ) {
    const url = this.safe(service.url)
    this.base = withoutSlash(service.url)
    // Idle connections are closed before servers usually do (5 s), so that no request is written into a dying one.
    const kept = { keepAlive: true, maxSockets: 16, timeout: 4_000, scheduling: 'lifo' } as const
    this.agent =
      url.protocol === 'http:'
        ? new http.Agent(kept)
        : new https.Agent({
            ...kept,
            minVersion: 'TLSv1.2',
            ca: this.file(service.authorityFile),
            cert: this.file(service.certificateFile),
            key: this.file(service.keyFile),
          })
  }

  /** What the service says of itself; asked once. */
  info(): Promise<InfoAnswer> {
    this.about ??= this.request('info', Buffer.from('{}'), {})
      .then((answer) => this.parse(infoAnswer, answer))
      .catch((error: unknown) => {
        this.about = undefined
        throw this.asFault(error)
      })
    return this.about
  }

  /**
   * Calls a method with the access token. A refused token is renewed once; a service that asks to wait is obeyed once.
   * @throws CscRefusal for statuses 400 to 499, Fault SIGN-CSC-UNREACHABLE, SIGN-CSC-MALFORMED, SIGN-CSC-LOGIN-REFUSED, SIGN-CSC-BUSY
   */
  async call<Answer>(method: string, body: Buffer, answer: z.ZodType<Answer>): Promise<Answer> {
    for (let round = 0; ; round++) {
      const token = await this.accessToken()
      try {
        const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token.value}` }
        return this.parse(answer, await this.request(method, body, headers))
      } catch (error) {
        // A wrong PIN is no ended token, whatever the status: the request is not made a second time.
        const ended = error instanceof CscRefusal && error.status === 401 && !/pin/i.test(error.error)
        if (!ended || token === undefined || round > 0) throw error
        // Others that met the same refusal may have renewed it meanwhile.
        const current = await this.token?.catch(() => undefined)
        if (current?.value === token.value) this.token = undefined
      }
    }
  }

  /** A refusal in our words; other errors as they are. */
  asFault(error: unknown): unknown {
    if (!(error instanceof CscRefusal)) return error
    const params = { service: this.service.name, error: error.error, description: error.description }
    if (error.error === 'invalid_pin') return wrongPin(this.service.name)
    if (error.error === 'pin_locked') return new Fault('SIGN-PIN-LOCKED', { params: { module: this.service.name }, status: 503 })
    if (error.status === 401 || error.error === 'invalid_client') return new Fault('SIGN-CSC-LOGIN-REFUSED', { params, status: 503 })
    return new Fault('SIGN-CSC-REFUSED', { params, status: 502 })
  }

  /** Ends the kept connections to the service. */
  close(): void {
    this.agent.destroy()
  }

  /** One login for everyone who waits; renewed half a minute before it ends. */
  private async accessToken(): Promise<Token | undefined> {
    if (this.service.clientId === null) return undefined
    const known = await this.token
    if (known !== undefined && known.until > Date.now()) return known
    if (known !== undefined) this.token = undefined
    // Not awaited between the check and the assignment: whoever comes next finds this login under way.
    this.token ??= this.login(this.service.clientId).catch((error: unknown) => {
      this.token = undefined
      throw this.asFault(error)
    })
    return this.token
  }

  /** OAuth 2 client credentials (CSC 1.0.4.0 clause 8.3), or auth/login where the service knows HTTP Basic alone (8.5, 11.2). */
  private async login(clientId: string): Promise<Token> {
    const secret = this.file(this.service.clientSecretFile)?.toString('utf8').trim() ?? ''
    const { authType, oauth2 } = await this.info()
    const basic = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`
    let answer: GuardedAnswer
    if (authType.includes('basic') && !authType.some((type) => type.startsWith('oauth2'))) {
      const plain = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
      answer = await this.request('auth/login', Buffer.from('{}'), { authorization: plain })
    } else {
      const form = Buffer.from('grant_type=client_credentials')
      const headers = { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' }
      // The secret goes where the service says its OAuth 2 server is, and never in the clear.
      if (oauth2 !== undefined) this.safe(oauth2)
      answer = await this.request('oauth2/token', form, headers, oauth2 === undefined ? undefined : withoutSlash(oauth2))
    }
    const { access_token, token_type, expires_in } = this.parse(tokenAnswer, answer)
    if (token_type !== undefined && token_type.toLowerCase() !== 'bearer') throw this.malformed(`token_type ${token_type}`)
    return { value: access_token, until: Date.now() + Math.max(1, expires_in - 30) * 1000 }
  }

  private async request(method: string, body: Buffer, headers: Readonly<Record<string, string>>, base = this.base): Promise<GuardedAnswer> {
    const target = `${base}/${method}`
    for (let round = 0; ; round++) {
      const answer = await this.send(target, body, headers)
      const { status } = answer
      if (status === 200) return answer
      if (status === 429) {
        const seconds = Number(answer.headers['retry-after'] ?? '1')
        const milliseconds = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 1000
        // 429 says that nothing was done, so the same request may be made again.
        if (round > 0 || milliseconds > this.limits.patienceMs)
          throw new Fault('SIGN-CSC-BUSY', { params: { service: this.service.name, seconds: Math.ceil(milliseconds / 1000) }, status: 503 })
        await wait(milliseconds)
        continue
      }
      if (status >= 400 && status < 500) throw this.refusal(answer)
      if (status >= 500) throw this.unreachable([`HTTP ${status}`, this.refusal(answer).description].join(' ').trim())
      throw this.malformed(`HTTP ${status}`)
    }
  }

  private async send(target: string, body: Buffer, headers: Readonly<Record<string, string>>): Promise<GuardedAnswer> {
    try {
      const sameOrigin = new URL(target).origin === new URL(this.base).origin
      return await fetchGuarded(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body,
        timeoutMs: this.limits.timeoutMs,
        maxBytes: longestAnswer,
        // The operator named this very origin; a signer beside the host lies on a private address.
        allowPrivate: [new URL(this.base).origin],
        ...(sameOrigin ? { agent: this.agent } : {}),
      })
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'HTTP-ADDRESS-REFUSED') throw error
      if (error.code === 'HTTP-ANSWER-TOO-LARGE') throw this.malformed('too large', error)
      const reason = error.code === 'HTTP-TIMEOUT' ? `${this.limits.timeoutMs / 1000} s` : String(error.params['reason'] ?? error.code)
      throw this.unreachable(reason, error)
    }
  }

  private refusal(answer: GuardedAnswer): CscRefusal {
    let parsed: unknown
    try {
      parsed = JSON.parse(answer.body.toString('utf8'))
    } catch {
      parsed = {}
    }
    const known = errorAnswer.safeParse(parsed)
    // A stranger's words go into a message: short, and without control characters.
    const clean = (words: string): string => words.replace(/\p{C}/gu, ' ').slice(0, 200)
    if (!known.success) return new CscRefusal(answer.status, `HTTP ${answer.status}`, '')
    return new CscRefusal(answer.status, clean(known.data.error), clean(known.data.error_description ?? ''))
  }

  private parse<Answer>(shape: z.ZodType<Answer>, answer: GuardedAnswer): Answer {
    let value: unknown
    try {
      value = JSON.parse(answer.body.toString('utf8'))
    } catch (cause) {
      throw this.malformed('no JSON', cause)
    }
    const parsed = shape.safeParse(value)
    if (!parsed.success) throw this.malformed(parsed.error.issues.map((issue) => issue.path.join('.')).join(', '), parsed.error)
    return parsed.data
  }

  /** TLS, except within this machine. */
  private safe(address: string): URL {
    const url = URL.canParse(address) ? new URL(address) : undefined
    const loopback = url !== undefined && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname)
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback)) return url
    throw new Fault('SIGN-CSC-INSECURE', { params: { service: this.service.name, url: address }, status: 503 })
  }

  private malformed(reason: string, cause?: unknown): Fault {
    return new Fault('SIGN-CSC-MALFORMED', { params: { service: this.service.name, reason }, status: 502, cause })
  }

  private unreachable(reason: string, cause?: unknown): Fault {
    return new Fault('SIGN-CSC-UNREACHABLE', { params: { service: this.service.name, reason }, status: 503, cause })
  }

  private file(path: string | null): Buffer | undefined {
    if (path === null) return undefined
    try {
      return readFileSync(path)
    } catch (cause) {
      throw new Fault('SIGN-CSC-FILE-MISSING', { params: { service: this.service.name, file: path }, status: 503, cause })
    }
  }
}

function withoutSlash(address: string): string {
  return address.endsWith('/') ? withoutSlash(address.slice(0, -1)) : address
}
