import type { FaultDetail, FaultParameters } from '../../i18n/fault.js'
import type { SubIndication } from '../verdict.js'

/** Ends the check of one signature: what was found, and what it means in EN 319 102-1. */
export class Refusal extends Error {
  constructor(readonly failure: { readonly subIndication: SubIndication; readonly finding: FaultDetail }) {
    super(failure.finding.code)
    this.name = 'Refusal'
  }
}

/** The fault of a signature that ends its check, to be thrown. */
export function refuse(subIndication: SubIndication, code: string, params?: FaultParameters): Refusal {
  return new Refusal({ subIndication, finding: params === undefined ? { code } : { code, params } })
}

/** The signature's own structure is not what XMLDSig or XAdES says. @param what the part, in words of the standard */
export function malformed(what: string): Refusal {
  return refuse('FORMAT_FAILURE', 'VERIFY-XML-STRUCTURE', { what })
}
