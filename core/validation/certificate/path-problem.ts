import type { FaultDetail } from '../../i18n/fault.js'
import { MalformedDer } from '../der-reader.js'
import type { SubIndication } from '../verdict.js'
import type { Certificate } from './certificate.js'

/** Why a path is not to be relied on. */
export interface PathProblem {
  readonly finding: FaultDetail
  readonly subIndication: SubIndication
}

/** A problem with one certificate of a path: its text names the holder; `subIndication` is of ETSI EN 319 102-1, clause 5.1.3. */
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
