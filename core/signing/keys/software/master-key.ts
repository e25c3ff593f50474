import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../../i18n/fault.js'

/** Where the master key lies: the configured one, else a file of the data folder. */
export interface MasterKeyPlace {
  readonly dataDir: string
  readonly signing: { readonly masterKey: string | null }
}

/** Names a master key in wrapped bytes, in the database and to the doctor; tells nothing of it. Eight bytes, hexadecimal. */
export function masterKeyId(key: Buffer): string {
  return createHash('sha256').update('khatm-master-key|').update(key).digest().subarray(0, 8).toString('hex')
}

const currentFile = (place: MasterKeyPlace): string => join(place.dataDir, 'master.key')
/** While keys are wrapped anew, the coming master key lies here; every process accepts both. */
const nextFile = (place: MasterKeyPlace): string => join(place.dataDir, 'master.key.next')

/**
 * Every master key this host accepts, the one new secrets are wrapped with first: the configured one (or the file that only this
 * user may read, made on first use), and before it the coming one while a rotation runs. Files are read anew at each call.
 * @throws Fault SIGN-MASTER-KEY-INVALID, SIGN-MASTER-KEY-EXPOSED
 */
export function loadMasterKeys(place: MasterKeyPlace): [Buffer, ...Buffer[]] {
  const { masterKey } = place.signing
  const current = masterKey === null ? ownMasterKey(place) : decodeMasterKey(masterKey, 'KHATM_MASTER_KEY')
  const file = nextFile(place)
  const coming = existsSync(file) ? readMasterKeyFile(file) : undefined
  return coming === undefined || coming.equals(current) ? [current] : [coming, current]
}

/** The key that new secrets are wrapped with. @throws Fault SIGN-MASTER-KEY-INVALID, SIGN-MASTER-KEY-EXPOSED */
export function loadMasterKey(place: MasterKeyPlace): Buffer {
  return loadMasterKeys(place)[0]
}

function ownMasterKey(place: MasterKeyPlace): Buffer {
  mkdirSync(place.dataDir, { recursive: true })
  const file = currentFile(place)
  try {
    // `wx`: two processes starting together must not each keep a key of their own.
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return readMasterKeyFile(file)
}

/** @throws Fault SIGN-MASTER-KEY-EXPOSED when others may read it, SIGN-MASTER-KEY-INVALID */
export function readMasterKeyFile(file: string): Buffer {
  let text: string
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
      throw new Fault('SIGN-MASTER-KEY-EXPOSED', { params: { file }, status: 500 })
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('SIGN-MASTER-KEY-INVALID', { params: { source: file }, status: 500, cause: error })
  }
  return decodeMasterKey(text, file)
}

function decodeMasterKey(text: string, source: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== 32) throw new Fault('SIGN-MASTER-KEY-INVALID', { params: { source }, status: 500 })
  return key
}

/**
 * Lays the coming key beside the one in use. Another one that lies there belongs to a rotation that has not ended.
 * @throws Fault SIGN-MASTER-KEY-ROTATION-RUNNING
 */
export function layNextMasterKey(place: MasterKeyPlace, key: Buffer): void {
  const file = nextFile(place)
  try {
    writeFileSync(file, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const lying = readMasterKeyFile(file)
    if (!lying.equals(key)) throw new Fault('SIGN-MASTER-KEY-ROTATION-RUNNING', { params: { file, id: masterKeyId(lying) }, status: 409 })
  }
}

/**
 * The coming key takes the place of the old file, which stays under its id for restoring older backups. With a key from the
 * environment the operator sets the new one there; until then the coming file goes on being accepted.
 * @returns where the old key lies now, if it lay in a file
 */
export function installNextMasterKey(place: MasterKeyPlace): string | undefined {
  const next = nextFile(place)
  if (place.signing.masterKey !== null || !existsSync(next)) return undefined
  const current = currentFile(place)
  const old = readMasterKeyFile(current)
  const retired = join(place.dataDir, `master.key.retired-${masterKeyId(old)}`)
  if (!existsSync(retired)) writeFileSync(retired, `${old.toString('base64')}\n`, { mode: 0o600 })
  // One step: at no moment is there no master key.
  renameSync(next, current)
  return retired
}
