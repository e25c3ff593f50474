import { DerElement, MalformedDer } from '../der-reader.js'

/** Name of the signature scheme of a DER AlgorithmIdentifier; undefined for one this product does not know or cannot read. */
export function schemeOf(algorithm: Uint8Array): 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa' | 'dsa' | 'eddsa' | undefined {
  const oid = identifierOf(algorithm)
  if (oid === '1.2.840.113549.1.1.10') return 'rsa-pss'
  if (oid.startsWith('1.2.840.113549.1.1.')) return 'rsa-pkcs1'
  if (oid.startsWith('1.2.840.10045.')) return 'ecdsa'
  if (
    oid.startsWith('1.2.840.10040.') ||
    oid.startsWith('2.16.840.1.101.3.4.3.1.') ||
    oid === '2.16.840.1.101.3.4.3.1' ||
    oid === '2.16.840.1.101.3.4.3.2'
  )
    return 'dsa'
  if (oid === '1.3.101.112' || oid === '1.3.101.113') return 'eddsa'
  return undefined
}

function identifierOf(algorithm: Uint8Array): string {
  try {
    return DerElement.read(algorithm, 0, { whole: true }).child(0).oid()
  } catch (error) {
    if (error instanceof MalformedDer) return ''
    throw error
  }
}
