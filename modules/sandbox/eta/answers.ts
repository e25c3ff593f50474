/** What goes back over the wire. */
export interface EtaAnswer {
  readonly status: number
  readonly body: object | null
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of JSON: a printout, a package. */
  readonly file?: { readonly bytes: Buffer; readonly mediaType: string }
}

export interface ErrorDetail {
  readonly code: string
  readonly message: string
  readonly target: string
  readonly propertyPath?: string
}

/** The authority's nested error object. */
export function errorBody(code: string, message: string, target: string, details: readonly ErrorDetail[] = []): object {
  return { error: { code, message, target, propertyPath: details[0]?.propertyPath ?? null, details } }
}

/** A request refused as a whole. */
export class EtaRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly reason: string,
    readonly target = '',
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${code}: ${reason}`)
    this.name = 'EtaRefusal'
  }

  get answer(): EtaAnswer {
    return { status: this.status, body: errorBody(this.code, this.reason, this.target), headers: this.headers }
  }
}

/** Throttling is answered flat, unlike every other error (SDK "Standard error response"). */
export function throttled(seconds: number): EtaAnswer {
  return {
    status: 429,
    body: { error: 'Too many requests', message: `API calls quota exceeded, retry after ${seconds} seconds`, code: 429 },
    headers: {
      'Retry-After': String(seconds),
      'X-Rate-Limit-Limit': '5m',
      'X-Rate-Limit-Remaining': '0',
      'X-Rate-Limit-Reset': new Date(Date.now() + seconds * 1000).toISOString(),
    },
  }
}

/** A text of a JSON body; undefined when it is missing or no text. */
export function textMember(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null || !(name in body)) return undefined
  const value = (body as Record<string, unknown>)[name] // narrowed by `in`
  return typeof value === 'string' ? value : undefined
}
