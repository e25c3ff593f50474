import { checkXmlSignature } from '../xml/check-xml-signature.js'
import type { TrustListSignatureCheck } from './trust-lists.js'

/** The enveloped XAdES signature of a trusted list (TS 119 612 clause 5.7.1): sound, and over the whole list. */
export const checkTrustListSignature: TrustListSignatureCheck = async (xml) => {
  const { failure, certificate } = await checkXmlSignature(xml)
  return { failure, certificate }
}
