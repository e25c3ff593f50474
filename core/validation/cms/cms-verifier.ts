import { createHash } from 'node:crypto'
import { readCertificate } from '../certificate/certificate.js'
import { concludeDocument, describeSigner } from '../conclude.js'
import { DerElement } from '../der-reader.js'
import { judgeSignature } from '../process/judge-signature.js'
import { reportFields, shownTime } from '../process/report-fields.js'
import type { Verifier, VerifyOptions } from '../report.js'
import type { DocumentVerdict, SignatureVerdict } from '../verdict.js'
import { checkedSignature } from './checked-signature.js'
import { checkSigner, readSignedData } from './signed-data.js'

/** CMS files (.p7m, .p7s) that carry their content. A detached one cannot be judged without what it signs, and says so. */
export class CmsVerifier implements Verifier {
  readonly name = 'cms'

  recognises(bytes: Uint8Array): boolean {
    if (bytes[0] !== 0x30) return false
    try {
      return DerElement.read(bytes).child(0).oid() === '1.2.840.113549.1.7.2'
    } catch {
      return false
    }
  }

  async verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>> {
    const cms = readSignedData(bytes)
    const anchors = options.trust.map((der) => readCertificate(der))
    const { content } = cms
    if (cms.length !== bytes.length) {
      // Bytes behind the structure are signed by nobody; a reader of another format may show just those.
      return {
        verdict: 'failed',
        integrity: 'broken',
        signatures: [],
        findings: [{ code: 'VERIFY-CMS-MALFORMED', params: { what: 'bytes after it' } }],
      }
    }
    const at = options.at ?? new Date()
    const signatures: SignatureVerdict[] = []
    for (const signer of cms.signers) {
      if (content === undefined) {
        signatures.push({
          indication: 'INDETERMINATE',
          subIndication: 'SIGNED_DATA_NOT_FOUND',
          level: 'CMS',
          signer: null,
          signedAt: null,
          timeSource: 'none',
          covers: 'unclear',
          changes: [],
          findings: [{ code: 'VERIFY-DETACHED-CONTENT' }],
        })
        continue
      }
      const check = checkSigner(cms, signer, (algorithm) => createHash(algorithm).update(content).digest())
      const checked = checkedSignature(cms, signer, check)
      const judged = await judgeSignature(checked, {
        anchors,
        at,
        revocation: options.revocation ?? 'known',
        ...(options.source === undefined ? {} : { source: options.source }),
      })
      const baseline = check.hasSigningCertificate && check.signingTime !== undefined
      signatures.push({
        indication: judged.indication,
        subIndication: judged.subIndication,
        level: baseline ? `CAdES-BASELINE-${judged.stamped ? 'T' : 'B'}` : check.hasSigningCertificate ? 'CAdES' : 'CMS',
        signer: describeSigner(check.certificate),
        ...shownTime(judged.provenAt, checked.claimedAt),
        covers: 'entire-file',
        changes: [],
        ...reportFields(checked, judged, { at, ...(options.qualifier === undefined ? {} : { qualifier: options.qualifier }) }),
        findings: judged.findings,
      })
    }
    return concludeDocument(signatures)
  }
}
