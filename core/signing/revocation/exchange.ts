import { fetchGuarded, type GuardedAnswer } from '../../http/outgoing.js'
import { Fault } from '../../i18n/fault.js'

export interface ExchangeOptions {
  /** Origins on private addresses that may be reached: `config.allowedPrivateOrigins`. */
  readonly allowPrivate?: readonly string[]
  /** Each exchange, connect to last byte, milliseconds; 5,000 unless told. */
  readonly timeoutMs?: number
  readonly now?: () => Date
}

/** One exchange with a server of an authority: status 200 or a fault of the given code with address and reason. */
export async function exchange(
  url: string,
  code: string,
  options: ExchangeOptions,
  request: { method?: string; headers: Readonly<Record<string, string>>; body?: Uint8Array; maxBytes: number },
): Promise<Buffer> {
  let answer: GuardedAnswer
  try {
    answer = await fetchGuarded(url, {
      ...request,
      timeoutMs: options.timeoutMs ?? 5_000,
      ...(options.allowPrivate === undefined ? {} : { allowPrivate: options.allowPrivate }),
    })
  } catch (error) {
    throw new Fault(code, { params: { url, reason: error instanceof Fault ? error.code : 'error' }, status: 503, cause: error })
  }
  if (answer.status !== 200) throw new Fault(code, { params: { url, reason: `HTTP ${answer.status}` }, status: 503 })
  return answer.body
}
