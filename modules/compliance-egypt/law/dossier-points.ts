import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Findings } from './article-answers.js'
import type { PointAnswer } from './dossier-report.js'

/** Art. 7: (a) a sound certificate and the key that belongs to it, (b) content that can be determined exactly, (c) a signer who is named. */
export function pointsOf(found: Findings): PointAnswer[] {
  return [certificateIsSound(found), contentIsCertain(found), signerIsNamed(found)]
}

/** Sound is a certificate that made this signature, of an accepted issuer, and not revoked when it signed. */
function certificateIsSound({ bytes, basis, report: { revocation, revocationMissing } }: Findings): PointAnswer {
  const against: FaultDetail[] = [...bytes.signature]
  if (revocationMissing?.code === 'SIGN-CERT-REVOKED') against.push(revocationMissing)
  const open: FaultDetail[] = basis.reasons
    .filter((code) => code === 'EG-BASIS-NO-ANCHOR' || code === 'EG-BASIS-ISSUER-NOT-ACCEPTED')
    .map((code) => ({ code }))
  if (bytes.certificate !== undefined && (revocationMissing !== null || revocation.length === 0) && against.length === 0)
    open.push(revocationMissing ?? { code: 'EG-ART-NO-REVOCATION' })
  return {
    point: 'a',
    state: against.length > 0 ? 'contradicted' : open.length > 0 ? 'not-shown' : 'shown',
    findings: [...against, ...open],
    proof: ['certificates/signer.pem', 'certificates/issuers.pem', 'signature.p7s', ...revocation.map(({ file }) => file)],
  }
}

function contentIsCertain({ bytes, changed }: Findings): PointAnswer {
  const against = [...(changed ? [{ code: 'EG-DOSSIER-CHANGED' }] : []), ...bytes.content, ...bytes.signature]
  return {
    point: 'b',
    state: against.length > 0 ? 'contradicted' : 'shown',
    findings: against,
    proof: ['document.json', 'canonical.txt', 'signature.p7s'],
  }
}

/** The name stands in the certificate; who vouches for it is point (a), and that is said. */
function signerIsNamed({ bytes, path }: Findings): PointAnswer {
  const name = path[0]?.holder ?? bytes.certificate?.holder ?? ''
  return {
    point: 'c',
    state: name === '' ? 'not-shown' : 'shown',
    findings: [name === '' ? { code: 'EG-DOSSIER-NO-NAME' } : { code: 'EG-DOSSIER-NAMED', params: { name } }],
    proof: ['certificates/signer.pem'],
  }
}
