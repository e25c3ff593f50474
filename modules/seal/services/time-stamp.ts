import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { TimeStampClient } from '../../../core/signing/tsp/time-stamp.js'

/** The configured authority; undefined when there is none, and then the level is B and every report says so. */
export function timeStampClient(host: Host): TimeStampClient | undefined {
  const { timeStampUrl } = host.config.signing
  if (timeStampUrl === null) return undefined
  throw new Fault('SIGN-TSA-UNREACHABLE', { status: 503, params: { url: timeStampUrl } })
}
