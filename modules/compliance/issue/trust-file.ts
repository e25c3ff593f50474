import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes what the files of a folder are to be judged against as `trust.pem`: the roots of the stand-in authorities of this machine.
 * @param anchors DER
 * @returns the path
 */
export function writeTrustFile(folder: string, anchors: readonly Buffer[]): string {
  const path = join(folder, 'trust.pem')
  writeFileSync(path, anchors.map((der) => new X509Certificate(der).toString()).join(''))
  return path
}
