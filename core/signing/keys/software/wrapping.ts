import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import { masterKeyId } from './master-key.js'

/**
 * AES-256-GCM; company and key id are bound in, so a wrapped key moved to another row does not open. Layout: version 2, id of the
 * master key (8), nonce (12), tag (16), text. Version 1 is without the id.
 */
export function wrapKey(masterKey: Buffer, companyId: string, keyId: string, pkcs8: Uint8Array): string {
  const nonce = randomBytes(12)
  const wrapper = Buffer.from(masterKeyId(masterKey), 'hex')
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce)
  cipher.setAAD(boundTo(2, wrapper, companyId, keyId))
  const text = Buffer.concat([cipher.update(pkcs8), cipher.final()])
  return Buffer.concat([Buffer.from([2]), wrapper, nonce, cipher.getAuthTag(), text]).toString('base64')
}

/** Id of the master key it was wrapped with; undefined for version 1, which does not tell. */
export function wrapperOf(wrapped: string): string | undefined {
  const bytes = Buffer.from(wrapped, 'base64')
  return bytes[0] === 2 ? bytes.subarray(1, 9).toString('hex') : undefined
}

/**
 * @param masterKeys the key in use, or all that are accepted while they change
 * @throws Fault SIGN-KEY-UNWRAP when master key, company or key id is not the one it was wrapped with
 */
export function unwrapKey(masterKeys: Buffer | readonly Buffer[], companyId: string, keyId: string, wrapped: string): Buffer {
  const bytes = Buffer.from(wrapped, 'base64')
  const version = bytes[0] ?? 0
  const id = version === 2 ? bytes.subarray(1, 9) : Buffer.alloc(0)
  const accepted = (Buffer.isBuffer(masterKeys) ? [masterKeys] : masterKeys).filter(
    (key) => version === 1 || masterKeyId(key) === id.toString('hex'),
  )
  let cause: unknown = new RangeError(accepted.length === 0 ? `master key ${id.toString('hex')}` : 'layout of the wrapped key')
  for (const key of accepted) {
    try {
      return open(key, bytes.subarray(1 + id.length), boundTo(version, id, companyId, keyId))
    } catch (error) {
      cause = error
    }
  }
  throw new Fault('SIGN-KEY-UNWRAP', { params: { key: keyId }, status: 500, cause })
}

function open(masterKey: Buffer, bytes: Buffer, bound: Buffer): Buffer {
  if (bytes.length < 29) throw new RangeError('layout of the wrapped key')
  const decipher = createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(bound)
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
}

function boundTo(version: number, wrapper: Buffer, companyId: string, keyId: string): Buffer {
  return Buffer.from(version === 1 ? `khatm-key-1|${companyId}|${keyId}` : `khatm-key-2|${wrapper.toString('hex')}|${companyId}|${keyId}`)
}
