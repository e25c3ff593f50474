import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../../i18n/fault.js'

/**
 * The key that wraps all software keys: 32 bytes from the configuration, or a file that only this user may read, made
 * on first use.
 * @throws Fault SIGN-MASTER-KEY-INVALID, SIGN-MASTER-KEY-EXPOSED
 */
export function loadMasterKey(config: { readonly dataDir: string; readonly signing: { readonly masterKey: string | null } }): Buffer {
  if (config.signing.masterKey !== null) return decodeMasterKey(config.signing.masterKey, 'KHATM_MASTER_KEY')
  const file = join(config.dataDir, 'master.key')
  mkdirSync(config.dataDir, { recursive: true })
  try {
    // `wx`: two processes starting together must not each keep a key of their own.
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  if ((statSync(file).mode & 0o077) !== 0) throw new Fault('SIGN-MASTER-KEY-EXPOSED', { params: { file }, status: 500 })
  return decodeMasterKey(readFileSync(file, 'utf8'), file)
}

function decodeMasterKey(text: string, source: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== 32) throw new Fault('SIGN-MASTER-KEY-INVALID', { params: { source }, status: 500 })
  return key
}

/** AES-256-GCM; company and key id are bound in, so a wrapped key moved to another row does not open. Layout: version, nonce, tag, text. */
export function wrapKey(masterKey: Buffer, companyId: string, keyId: string, pkcs8: Uint8Array): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce)
  cipher.setAAD(Buffer.from(`khatm-key-1|${companyId}|${keyId}`))
  const text = Buffer.concat([cipher.update(pkcs8), cipher.final()])
  return Buffer.concat([Buffer.from([1]), nonce, cipher.getAuthTag(), text]).toString('base64')
}

/** @throws Fault SIGN-KEY-UNWRAP when master key, company or key id is not the one it was wrapped with */
export function unwrapKey(masterKey: Buffer, companyId: string, keyId: string, wrapped: string): Buffer {
  const bytes = Buffer.from(wrapped, 'base64')
  try {
    if (bytes[0] !== 1 || bytes.length < 30) throw new RangeError('layout of the wrapped key')
    const decipher = createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(1, 13), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(`khatm-key-1|${companyId}|${keyId}`))
    decipher.setAuthTag(bytes.subarray(13, 29))
    return Buffer.concat([decipher.update(bytes.subarray(29)), decipher.final()])
  } catch (error) {
    throw new Fault('SIGN-KEY-UNWRAP', { params: { key: keyId }, status: 500, cause: error })
  }
}
