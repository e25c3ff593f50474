export type MessageType = 'INFO' | 'WARNING' | 'ERROR'

/** One line of a validation result, in the authority's shape. */
export interface Message {
  readonly type: MessageType
  readonly code: string
  readonly category: string
  readonly message: string
  readonly status: 'PASS' | 'WARNING' | 'ERROR'
}

export interface ValidationResults {
  readonly infoMessages: readonly Message[]
  readonly warningMessages: readonly Message[]
  readonly errorMessages: readonly Message[]
  readonly status: 'PASS' | 'WARNING' | 'ERROR'
}

/** What goes back over the wire. */
export interface Answer {
  readonly status: number
  readonly body: object | null
  readonly headers?: Readonly<Record<string, string>>
}

/** Findings about one document; a check adds to it and never throws for what a document may contain. */
export class Findings {
  private readonly messages: Message[] = []

  info(code: string, category: string, message: string): void {
    this.messages.push({ type: 'INFO', code, category, message, status: 'PASS' })
  }

  warning(code: string, category: string, message: string): void {
    this.messages.push({ type: 'WARNING', code, category, message, status: 'WARNING' })
  }

  error(code: string, category: string, message: string): void {
    this.messages.push({ type: 'ERROR', code, category, message, status: 'ERROR' })
  }

  get failed(): boolean {
    return this.messages.some((message) => message.type === 'ERROR')
  }

  has(code: string): boolean {
    return this.messages.some((message) => message.code === code)
  }

  results(): ValidationResults {
    const of = (type: MessageType): Message[] => this.messages.filter((message) => message.type === type)
    const errorMessages = of('ERROR')
    const warningMessages = of('WARNING')
    const status = errorMessages.length > 0 ? 'ERROR' : warningMessages.length > 0 ? 'WARNING' : 'PASS'
    return { infoMessages: of('INFO'), warningMessages, errorMessages, status }
  }
}

/** A request refused before any document was looked at. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly reason: string,
  ) {
    super(`${code}: ${reason}`)
    this.name = 'Refusal'
  }

  get answer(): Answer {
    return { status: this.status, body: { code: this.code, message: this.reason, errors: [{ code: this.code, message: this.reason }] } }
  }
}
