import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../../i18n/fault.js'

/** What the host proves itself to desks with. */
export interface HostKey {
  readonly privateKey: KeyObject
  /** Ed25519, DER SubjectPublicKeyInfo: what desks pin. */
  readonly publicKey: Buffer
  /** Keyed hash of a pairing code: worthless to a reader of the database alone. */
  hashCode(code: string): Buffer
}

/**
 * The key a host proves itself with to its desks: `agent-host.key` in the data folder (mode 600), made on first use. Hosts
 * on one database share it by a copy of the file. It signs no document.
 * @throws Fault SIGN-AGENT-HOST-KEY when others may read the file or it is no key
 */
export function loadHostKey(dataDir: string): HostKey {
  const file = join(dataDir, 'agent-host.key')
  mkdirSync(dataDir, { recursive: true })
  try {
    const made = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
    // `wx`: processes that start together keep one key.
    writeFileSync(file, made, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  // Windows keeps no such bits: there the folder's access list protects it.
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new Fault('SIGN-AGENT-HOST-KEY', { params: { file }, status: 500 })
  }
  try {
    const privateKey = createPrivateKey(readFileSync(file))
    const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
    const secret = privateKey.export({ format: 'der', type: 'pkcs8' })
    return { privateKey, publicKey, hashCode: (code) => createHmac('sha256', secret).update(`pairing code ${code}`).digest() }
  } catch (error) {
    throw new Fault('SIGN-AGENT-HOST-KEY', { params: { file }, status: 500, cause: error })
  }
}
