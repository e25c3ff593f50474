import pino from 'pino'
import type { Configuration } from '../../config/schema.js'

export type Logger = pino.Logger

/** Log lines as JSON on standard error, so that standard output stays for the command's answer. */
export function createLogger(config: Pick<Configuration, 'logLevel'>): Logger {
  return pino(
    { level: config.logLevel, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  )
}
