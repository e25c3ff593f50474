import type { Configuration } from '../../config/schema.js'
import { Fault } from '../i18n/fault.js'
import { openTrust } from '../validation/trust/open-trust.js'
import { evidenceFrom, type EvidenceFor } from './revocation/collect-evidence.js'
import { createOnlineSource } from './revocation/online-source.js'
import type { TimeStampClient } from './tsp/time-stamp.js'
import { createTimeStampClient } from './tsp/time-stamp-client.js'

/** What the configured authorities are made from. */
export interface AuthorityParts {
  readonly config: Pick<Configuration, 'dataDir' | 'signing' | 'validation' | 'allowedPrivateOrigins' | 'sandbox'>
  readonly now: () => Date
}

/**
 * The time stamp authority of this host, for levels from T. Without one such a level is a fault, never a level B.
 * @throws Fault SIGN-TSA-NOT-CONFIGURED
 */
export function configuredTimeStamp({ config, now }: AuthorityParts): TimeStampClient {
  const { timeStampUrl } = config.signing
  if (timeStampUrl === null) throw new Fault('SIGN-TSA-NOT-CONFIGURED')
  return createTimeStampClient(timeStampUrl, { allowPrivate: config.allowedPrivateOrigins, now })
}

/** Evidence for levels from LT: asked of the servers that certificates name, the anchors being those this host trusts. */
export function configuredEvidence({ config, now }: AuthorityParts): EvidenceFor {
  const { anchors } = openTrust({ dataDir: config.dataDir, trustFiles: config.validation.trustFiles, now: now() })
  const practice = config.sandbox.trustAnchors.map((text) => Buffer.from(text, 'base64'))
  return evidenceFrom(createOnlineSource({ allowPrivate: config.allowedPrivateOrigins, now }), [...anchors, ...practice])
}
