import { Fault } from '../i18n/fault.js'

/** serialization_failure and deadlock_detected (PostgreSQL Appendix A): the transaction may simply be run again. */
export function isRetryable(error: unknown): boolean {
  const code = sqlState(error)
  return code === '40001' || code === '40P01'
}

/** The SQLSTATE of an error of PostgreSQL (its manual, appendix A); the `code` of other errors, if they have one. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code
  return undefined
}

const systemCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN'])
const driverWords = /Connection terminated|connection timeout|timeout expired|Connection ended|not queryable|Client was closed/i

/** Whether the connection or the server was lost, so that the fate of the transaction may be unknown to the caller. */
function isConnectionLoss(error: unknown): boolean {
  const code = sqlState(error)
  if (code !== undefined) {
    // class 08 connection exceptions, 57P01-57P03 shutdown, crash, starting up
    if (/^(?:08...|57P0[1-3])$/.test(code)) return true
    if (systemCodes.has(code) && error instanceof Error && 'syscall' in error) return true
  }
  return error instanceof Error && driverWords.test(error.message)
}

/** Turns lost connections and a full pool into coded faults; everything else stays what it is. */
export function asFault(error: unknown): unknown {
  if (error instanceof Fault) return error
  if (isConnectionLoss(error)) return new Fault('DB-UNREACHABLE', { status: 503, cause: error })
  if (error instanceof Error && error.name === 'KnexTimeoutError') return new Fault('DB-BUSY', { status: 503, cause: error })
  return error
}
