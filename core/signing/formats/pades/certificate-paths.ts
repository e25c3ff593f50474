import { Fault } from '../../../i18n/fault.js'
import { readSignedData, signerCertificate } from '../../../validation/cms/signed-data.js'

const signatureTimeStamp = '1.2.840.113549.1.9.16.2.14'

/**
 * Paths that must be provable for one signature or time stamp, each leaf first: its signer's, and those of the time stamps
 * in it. The certificates are as they came with it; who gathers evidence finds the issuers that did not come along.
 * @throws Fault SIGN-PDF-SIGNATURE-UNREADABLE
 */
export function pathsOf(contents: Buffer, fieldName: string): Buffer[][] {
  try {
    return pathsInside(contents)
  } catch (error) {
    throw new Fault('SIGN-PDF-SIGNATURE-UNREADABLE', { params: { field: fieldName }, cause: error })
  }
}

function pathsInside(contents: Buffer): Buffer[][] {
  const cms = readSignedData(contents)
  return cms.signers.flatMap((signer) => {
    const leaf = signerCertificate(cms, signer)
    if (leaf === undefined) throw new RangeError('no signer certificate')
    const others = cms.certificates.filter((certificate) => certificate !== leaf)
    const tokens = (signer.unsignedAttributes?.children ?? [])
      .filter((attribute) => attribute.child(0).oid() === signatureTimeStamp)
      .flatMap((attribute) => attribute.child(1).children.map((value) => value.bytes))
    return [[leaf, ...others].map((certificate) => certificate.der), ...tokens.flatMap((token) => pathsInside(token))]
  })
}
