import type { Certificate } from '../certificate/certificate.js'
import type { Qualifier } from '../trust/qualification.js'
import type { CertificateFacts, SignatureVerdict } from '../verdict.js'
import type { CheckedSignature, Judgement } from './judge-signature.js'

/** The fields of a verdict that tell how it came about. */
export type ReportFields = Required<
  Pick<SignatureVerdict, 'claimedAt' | 'provenAt' | 'algorithms' | 'certificates' | 'timeStamps' | 'revocation' | 'qualification'>
>

/**
 * What a judgement says in a report: spread it into a SignatureVerdict.
 * @param at validation time, for the qualification of a signature whose own time is not proven
 */
export function reportFields(
  checked: Pick<CheckedSignature, 'certificate' | 'claimedAt' | 'digestAlgorithm' | 'scheme'>,
  judged: Judgement,
  options: { readonly qualifier?: Qualifier; readonly at: Date },
): ReportFields {
  const { path } = judged
  return {
    claimedAt: checked.claimedAt?.toISOString() ?? null,
    provenAt: judged.provenAt?.toISOString() ?? null,
    algorithms: algorithmsOf(checked),
    certificates: judged.certificates,
    timeStamps: judged.timeStamps,
    revocation: judged.revocation,
    qualification:
      options.qualifier === undefined || path?.trusted !== true
        ? null
        : options.qualifier.qualify(path.chain, judged.provenAt ?? options.at),
  }
}

/** Time a report shows for a signature, and how it is known. */
export function shownTime(provenAt: Date | undefined, claimedAt: Date | undefined): Pick<SignatureVerdict, 'signedAt' | 'timeSource'> {
  const at = provenAt ?? claimedAt
  return {
    signedAt: at?.toISOString() ?? null,
    timeSource: provenAt !== undefined ? 'time-stamp' : claimedAt !== undefined ? 'claimed' : 'none',
  }
}

/** Facts of a path, leaf first. */
export function certificateFacts(chain: readonly Certificate[], anchors: readonly Certificate[]): readonly CertificateFacts[] {
  return chain.map((certificate) => ({
    name: certificate.holder,
    subject: certificate.subject,
    issuer: certificate.issuer,
    serial: certificate.serialDecimal,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    sha256: certificate.sha256,
    trustAnchor: anchors.some((anchor) => anchor.der.equals(certificate.der)),
  }))
}

function algorithmsOf(
  checked: Pick<CheckedSignature, 'certificate' | 'digestAlgorithm' | 'scheme'>,
): NonNullable<SignatureVerdict['algorithms']> | null {
  if (checked.digestAlgorithm === undefined || checked.scheme === undefined) return null
  return { digest: checked.digestAlgorithm, scheme: checked.scheme, key: keyOf(checked.certificate) }
}

/** `RSA 2048 bit`, `EC P-256`; empty when the key cannot be read. */
function keyOf(certificate: Certificate | undefined): string {
  try {
    const key = certificate?.publicKey()
    const { modulusLength, namedCurve } = key?.asymmetricKeyDetails ?? {}
    if (modulusLength !== undefined) return `RSA ${modulusLength} bit`
    if (namedCurve !== undefined) return `EC ${curveNames[namedCurve] ?? namedCurve}`
    return key?.asymmetricKeyType ?? ''
  } catch {
    return ''
  }
}

const curveNames: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }
