import pino from 'pino'
import type { Configuration } from '../../config/schema.js'

/** The log of the host: one JSON object a line. */
export type Logger = pino.Logger

/** Log lines as JSON on standard error, so that standard output stays for the command's answer. */
export function createLogger(config: Pick<Configuration, 'logLevel'>, destination?: pino.DestinationStream): Logger {
  return pino(
    {
      level: config.logLevel,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      // PostgreSQL repeats the row it refused
      redact: { paths: ['err.detail', 'err.where'], remove: true },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  )
}
