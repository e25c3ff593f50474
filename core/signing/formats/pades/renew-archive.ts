import type { EvidenceFor } from '../../revocation/collect-evidence.js'
import type { TimeStampClient } from '../../tsp/time-stamp.js'
import { appendDocumentTimeStamp, type TimeStampedPdf } from './document-time-stamp.js'
import { GrowingPdf } from './growing-pdf.js'
import { appendValidationData } from './validation-data.js'

/** What a renewal needs: an authority, evidence for the older stamps, and the time. */
export interface RenewalOptions {
  readonly timeStamp: TimeStampClient
  readonly evidence: EvidenceFor
  readonly at: Date
}

/**
 * Lengthens the life of an archived PDF (ETSI EN 319 142-1 level LTA): evidence for every signature and time stamp that has
 * none yet, which the newest time stamp never has, then a new time stamp over all of it. Must happen while the certificate
 * of the newest time stamp is still good.
 * @throws Fault as `addValidationData` and `addDocumentTimeStamp`
 */
export async function renewArchive(pdf: Buffer, options: RenewalOptions): Promise<TimeStampedPdf> {
  const file = new GrowingPdf(pdf, 256 * 1024)
  await appendValidationData(file, { evidence: options.evidence, at: options.at })
  const { stampedAt, fieldName } = await appendDocumentTimeStamp(file, options.timeStamp)
  return { pdf: file.bytes, stampedAt, fieldName }
}
