import type { Host } from '../../../core/host/module.js'
import { configuredEvidence, configuredTimeStamp } from '../../../core/signing/configured-authorities.js'
import type { SignPdfOptions } from '../../../core/signing/formats/pades/sign-pdf.js'
import type { SealSettings } from '../models/settings.js'

/**
 * What a seal of the wanted level needs of time stamp and revocation authorities.
 * @throws Fault SIGN-TSA-NOT-CONFIGURED for a level from T on: never a lower level
 */
export function sealLevel(host: Host, wanted: SealSettings['level']): Pick<SignPdfOptions, 'level' | 'timeStamp' | 'evidence'> {
  const parts = { config: host.config, now: () => host.now() }
  const level = wanted === 'automatic' ? (host.config.signing.timeStampUrl === null ? 'B' : 'T') : wanted
  if (level === 'B') return { level }
  const timeStamp = configuredTimeStamp(parts)
  return level === 'T' ? { level, timeStamp } : { level, timeStamp, evidence: configuredEvidence(parts) }
}
