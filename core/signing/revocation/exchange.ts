import { fetchGuarded, type GuardedAnswer } from '../../http/outgoing.js'
import { Fault } from '../../i18n/fault.js'
import type { SilentServers } from './silent-servers.js'

/** How servers of authorities are asked. */
export interface ExchangeOptions {
  /** Origins on private addresses that may be reached: `config.allowedPrivateOrigins`. */
  readonly allowPrivate?: readonly string[]
  /** Each exchange, connect to last byte, milliseconds; 5,000 unless told. */
  readonly timeoutMs?: number
  readonly now?: () => Date
  /** Servers that are not asked again for a while. */
  readonly silent?: SilentServers
}

/** Faults of a server as a whole; any other is about one answer. */
const silences: ReadonlySet<string> = new Set(['HTTP-TIMEOUT', 'HTTP-UNREACHABLE'])

/** One exchange with a server of an authority: status 200 or a fault of the given code with address and reason. */
export async function exchange(
  url: string,
  code: string,
  options: ExchangeOptions,
  request: { method?: string; headers: Readonly<Record<string, string>>; body?: Uint8Array; maxBytes: number },
): Promise<Buffer> {
  const now = (): Date => options.now?.() ?? new Date()
  const failed = (reason: string, cause?: unknown): Fault => new Fault(code, { params: { url, reason }, status: 503, cause })
  const silence = options.silent?.reasonOf(url, now())
  if (silence !== undefined) throw failed(silence)
  let answer: GuardedAnswer
  try {
    answer = await fetchGuarded(url, {
      ...request,
      timeoutMs: options.timeoutMs ?? 5_000,
      ...(options.allowPrivate === undefined ? {} : { allowPrivate: options.allowPrivate }),
    })
  } catch (error) {
    const reason = error instanceof Fault ? error.code : 'error'
    if (silences.has(reason)) options.silent?.remember(url, reason, now())
    throw failed(reason, error)
  }
  if (answer.status !== 200) throw failed(`HTTP ${answer.status}`)
  return answer.body
}
