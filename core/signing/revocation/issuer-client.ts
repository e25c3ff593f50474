import { Fault } from '../../i18n/fault.js'
import { readCertificateFile, type Certificate } from '../../validation/certificate/certificate.js'
import { readSignedData } from '../../validation/cms/signed-data.js'
import { exchange, type ExchangeOptions } from './exchange.js'

const maximumBody = 256 * 1024
const maximumCertificates = 20

/**
 * Fetches what a caIssuers address holds: one certificate, or a certs-only CMS (RFC 5280 4.2.2.1). Nothing is checked:
 * the path builder does that.
 * @throws Fault SIGN-AIA-UNREACHABLE, SIGN-AIA-MALFORMED
 */
export async function fetchIssuers(url: string, options: ExchangeOptions = {}): Promise<readonly Certificate[]> {
  const body = await exchange(url, 'SIGN-AIA-UNREACHABLE', options, {
    headers: { accept: 'application/pkix-cert, application/pkcs7-mime' },
    maxBytes: maximumBody,
  })
  for (const read of [readCertificateFile, (bytes: Buffer): readonly Certificate[] => readSignedData(bytes).certificates]) {
    try {
      return read(body).slice(0, maximumCertificates)
    } catch {
      continue
    }
  }
  throw new Fault('SIGN-AIA-MALFORMED', { params: { url }, status: 502 })
}
