import type { FaultDetail } from '../../i18n/fault.js'
import { MalformedDer } from '../der-reader.js'
import type { SubIndication } from '../verdict.js'
import type { Certificate } from './certificate.js'

/** Why a path is not to be relied on. */
export interface PathProblem {
  readonly finding: FaultDetail
  readonly subIndication: SubIndication
}

export function pathProblem(
  code: string,
  certificate: Certificate,
  subIndication: SubIndication,
  params: Record<string, string> = {},
): PathProblem {
  return { finding: { code, params: { name: certificate.holder, ...params } }, subIndication }
}

/** Runs a check over parts of a certificate that are read only then: what is not DER is a problem of that certificate. */
export function guarded(certificate: Certificate, check: () => PathProblem | undefined): PathProblem | undefined {
  try {
    return check()
  } catch (error) {
    if (error instanceof MalformedDer) return pathProblem('VERIFY-CERT-MALFORMED', certificate, 'CHAIN_CONSTRAINTS_FAILURE')
    throw error
  }
}
