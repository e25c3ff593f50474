import { createHash } from 'node:crypto'
import { readCertificate } from '../certificate/certificate.js'
import { concludeDocument, describeSigner } from '../conclude.js'
import { DerElement } from '../der-reader.js'
import type { Verifier, VerifyOptions } from '../report.js'
import type { DocumentVerdict, SignatureVerdict } from '../verdict.js'
import { judgeSigner } from './judge-signer.js'
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

  verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>> {
    const cms = readSignedData(bytes)
    const anchors = options.trust.map((der) => readCertificate(der))
    const { content } = cms
    if (cms.length !== bytes.length) {
      // Bytes behind the structure are signed by nobody; a reader of another format may show just those.
      return Promise.resolve({
        verdict: 'failed',
        integrity: 'broken',
        signatures: [],
        findings: [{ code: 'VERIFY-CMS-MALFORMED', params: { what: 'bytes after it' } }],
      })
    }
    const signatures = cms.signers.map((signer): SignatureVerdict => {
      if (content === undefined) {
        const indication = 'INDETERMINATE'
        return {
          indication,
          subIndication: 'SIGNED_DATA_NOT_FOUND',
          level: 'CMS',
          signer: null,
          signedAt: null,
          timeSource: 'none',
          covers: 'unclear',
          changes: [],
          findings: [{ code: 'VERIFY-DETACHED-CONTENT' }],
        }
      }
      const check = checkSigner(cms, signer, (algorithm) => createHash(algorithm).update(content).digest())
      const judged = judgeSigner(check, cms, { anchors, now: new Date(), ...(options.at === undefined ? {} : { at: options.at }) })
      const baseline = check.hasSigningCertificate && check.signingTime !== undefined
      return {
        indication: judged.indication,
        subIndication: judged.subIndication,
        level: baseline ? `CAdES-BASELINE-${judged.stamped ? 'T' : 'B'}` : check.hasSigningCertificate ? 'CAdES' : 'CMS',
        signer: describeSigner(check.certificate),
        signedAt: (judged.provenAt ?? check.signingTime)?.toISOString() ?? null,
        timeSource: judged.provenAt !== undefined ? 'time-stamp' : check.signingTime !== undefined ? 'claimed' : 'none',
        covers: 'entire-file',
        changes: [],
        findings: judged.findings,
      }
    })
    return Promise.resolve(concludeDocument(signatures))
  }
}
