import type { Host } from '../../../core/host/module.js'
import { createTimeStampClient } from '../../../core/signing/tsp/time-stamp-client.js'
import type { TimeStampClient } from '../../../core/signing/tsp/time-stamp.js'

/** The configured authority; undefined when there is none, and then the level is B and every report says so. */
export function timeStampClient(host: Host): TimeStampClient | undefined {
  const { timeStampUrl } = host.config.signing
  if (timeStampUrl === null) return undefined
  return createTimeStampClient(timeStampUrl, { allowPrivate: host.config.allowedPrivateOrigins, now: () => host.now() })
}
