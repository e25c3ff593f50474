import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { PKCS11 } from 'pkcs11js'
import type { DriverFacts } from '../../key.js'

/**
 * Whose library it is, by its own word (C_GetInfo, PKCS#11 3.1 section 5.4), and the digest of the file it was loaded from. A library that
 * does not tell, or that the system found by another name, has no version or no digest: neither is guessed.
 */
export function describeDriver(library: PKCS11, file: string): DriverFacts {
  return { library: basename(file), ...told(library), sha256: digestOf(file) }
}

function told(library: PKCS11): Pick<DriverFacts, 'version' | 'description'> {
  try {
    const { libraryVersion, libraryDescription } = library.C_GetInfo()
    const version = `${String(libraryVersion.major)}.${String(libraryVersion.minor)}`
    return { version, description: libraryDescription.trim() }
  } catch {
    return { version: null, description: null }
  }
}

function digestOf(file: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return null
  }
}
