import { createHash } from 'node:crypto'
import { readCertificate } from '../certificate/certificate.js'
import { describeSigner } from '../conclude.js'
import { askedOptions } from '../process/asked-options.js'
import { isPast, judgeTimeStamp } from '../process/judge-time-stamp.js'
import { certificateFacts } from '../process/report-fields.js'
import type { VerifyOptions } from '../report.js'
import type { RevocationEvidence } from '../revocation/evidence.js'
import type { SignatureVerdict } from '../verdict.js'

/**
 * A token of a container over a manifest or a file (ETSI EN 319 162-1 clause 4.3.4 and annex A.7). Never throws for bad input.
 * @param carried status answers that lie in the container
 */
export async function judgeContainerTimeStamp(
  name: string,
  token: Buffer,
  content: Buffer,
  options: VerifyOptions,
  carried: RevocationEvidence,
): Promise<SignatureVerdict> {
  const anchors = options.trust.map((one) => readCertificate(one))
  const asked = askedOptions(options)
  const stamped = (algorithm: string): Buffer => createHash(algorithm).update(content).digest()
  const judged = await judgeTimeStamp({ token, kind: 'archive', stamped }, { ...asked, anchors, certificates: [], carried })
  const at = judged.at?.toISOString() ?? null
  const common = { level: 'DOCUMENT-TIME-STAMP', covers: 'entire-file', changes: [], claimedAt: null, qualification: null, name } as const
  if (!judged.intact)
    return {
      ...common,
      indication: 'TOTAL-FAILED',
      subIndication: 'HASH_FAILURE',
      signer: describeSigner(judged.authority),
      signedAt: null,
      timeSource: 'none',
      findings: judged.findings.length === 0 ? [{ code: 'VERIFY-TIME-STAMP-MALFORMED' }] : judged.findings,
    }
  const past = isPast(judged.at, asked.at)
  const proves = judged.trusted && past
  return {
    ...common,
    indication: proves ? 'TOTAL-PASSED' : 'INDETERMINATE',
    subIndication: proves ? null : judged.trusted ? 'TIMESTAMP_ORDER_FAILURE' : (judged.subIndication ?? 'NO_CERTIFICATE_CHAIN_FOUND'),
    signer: describeSigner(judged.authority),
    signedAt: at,
    timeSource: proves ? 'time-stamp' : 'claimed',
    provenAt: proves ? at : null,
    certificates: certificateFacts(judged.path?.chain ?? [], anchors),
    timeStamps: [{ kind: 'archive', at, authority: judged.authority?.holder ?? null, intact: true, trusted: judged.trusted }],
    revocation: judged.path?.revocation ?? [],
    findings: judged.findings,
  }
}
