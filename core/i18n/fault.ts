/** Values for the `{{name}}` places of a fault's text. */
export type FaultParameters = Readonly<Record<string, string | number>>

/** One thing that is wrong, as data: the code finds the text (`fault.<code>` in the locale files of its owner). */
export interface FaultDetail {
  /** Stable code in capitals, prefixed by its owner: `SA-VAT-01`, `SIGN-CERT-EXPIRED`, `DB-UNREACHABLE`. */
  readonly code: string
  /** Where it is wrong, in the caller's terms: `lines[2].tax`, `customer.identifiers[0].value`. */
  readonly path?: string
  readonly params?: FaultParameters
  /** `warning` does not stop the action. Default `error`. */
  readonly level?: 'error' | 'warning'
}

/** Where, why and with which status. */
export interface FaultOptions {
  readonly path?: string
  readonly params?: FaultParameters
  /** HTTP status this fault answers with; 422 unless told. */
  readonly status?: number
  /** Several faults found at once; the first is the head. */
  readonly details?: readonly FaultDetail[]
  readonly cause?: unknown
}

const brand = Symbol.for('khatm.fault')

/**
 * A coded fault. Everything a person can cause or must mend is thrown as one; its text is looked up in the
 * reader's language at the edge (page, API, command line), so `message` holds only code and parameters.
 */
export class Fault extends Error {
  readonly [brand] = true
  readonly code: string
  readonly path: string | undefined
  readonly params: FaultParameters
  readonly status: number
  readonly details: readonly FaultDetail[]

  constructor(code: string, options: FaultOptions = {}) {
    const params = options.params ?? {}
    super(`${code} ${JSON.stringify(params)}`, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.path = options.path
    this.params = params
    this.status = options.status ?? 422
    this.details = options.details ?? [{ code, path: options.path, params }]
  }

  /** Known by its mark, not by its class: a module from outside may bring its own copy of this file. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** Throws when the list holds an error; warnings alone pass. */
  static throwIfAny(faults: readonly FaultDetail[], status = 422): void {
    const errors = faults.filter((fault) => fault.level !== 'warning')
    const first = errors[0]
    if (first === undefined) return
    throw new Fault(first.code, { path: first.path, params: first.params, status, details: errors })
  }
}
