import { readCertificate, type Certificate } from './certificate.js'

/** Certificates read before, by their bytes; newest last. A batch has one signer, a report a handful of authorities. */
const known = new Map<string, Certificate>()
const knownLimit = 256
/** Larger ones are read each time: nobody's cache is filled by a file. */
const largest = 8192

/**
 * Reads a certificate, the same bytes once only: reading costs as much as checking a signature with it, and opening its public key
 * four times that.
 * @returns over a copy of its own: it does not keep the file alive it was met in
 * @throws MalformedDer
 */
export function readKnownCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length > largest) return readCertificate(bytes)
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const name = der.toString('latin1')
  const found = known.get(name)
  if (found !== undefined) return found
  const certificate = readCertificate(Buffer.from(der))
  known.set(name, certificate)
  if (known.size > knownLimit) {
    const oldest = known.keys().next()
    if (oldest.done !== true) known.delete(oldest.value)
  }
  return certificate
}
