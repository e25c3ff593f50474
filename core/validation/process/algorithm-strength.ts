import type { FaultDetail } from '../../i18n/fault.js'
import { algorithmProblem, type AlgorithmUse } from '../algorithm-policy.js'
import type { Certificate } from '../certificate/certificate.js'
import { keyUseOf } from '../signature-algorithm.js'
import type { SubIndication } from '../verdict.js'

const schemes: readonly AlgorithmUse['scheme'][] = ['rsa-pkcs1', 'rsa-pss', 'ecdsa', 'dsa', 'eddsa']

/**
 * Whether the algorithms of a signature are strong enough (EN 319 102-1 clause 5.2.8) at its proven time, or now where none is proven.
 * @returns undefined when they are
 */
export function algorithmFailure(
  used: { readonly digestAlgorithm: string | undefined; readonly scheme: string | undefined; readonly certificate: Certificate },
  at: Date,
  proven: boolean,
): { readonly subIndication: SubIndication; readonly finding: FaultDetail } | undefined {
  const scheme = schemes.find((one) => one === used.scheme)
  const problem = algorithmProblem(
    {
      ...(used.digestAlgorithm === undefined ? {} : { digest: used.digestAlgorithm }),
      ...(scheme === undefined ? {} : { scheme }),
      ...keyFacts(used.certificate),
    },
    at,
  )
  if (problem === undefined) return undefined
  // It was accepted once: a proof that the signature is that old would save it.
  const subIndication = problem.until !== null && !proven ? 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE' : 'CRYPTO_CONSTRAINTS_FAILURE'
  return { subIndication, finding: { code: 'VERIFY-ALGORITHM', params: { oid: problem.algorithm } } }
}

function keyFacts(certificate: Certificate): ReturnType<typeof keyUseOf> {
  try {
    return keyUseOf(certificate.publicKey())
  } catch {
    // Nothing was checked with a key that cannot be read.
    return {}
  }
}
