/** `{error, error_description}` of the CSC API with its HTTP status (CSC 2.0.0.2 clause 10.1, 11). */
export class CscError extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly description: string,
    /** Seconds, for 429. */
    readonly retryAfter?: number,
  ) {
    super(`${status} ${error}: ${description}`)
    this.name = 'CscError'
  }
}

/** The request is not one of the protocol (400, `invalid_request`). */
export function invalid(description: string): CscError {
  return new CscError(400, 'invalid_request', description)
}
