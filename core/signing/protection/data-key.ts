import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { CompanyTransaction, Database } from '../../db/database.js'
import { Fault } from '../../i18n/fault.js'
import { loadMasterKeys, type MasterKeyPlace } from '../keys/software/master-key.js'
import { wrappingKeyFor, type Rewrap } from '../keys/software/wrapping-key.js'
import { unwrapKey, wrapKey } from '../keys/software/wrapping.js'

interface DataKeyRow {
  company_id: string
  wrapped: string
  created_at: Date
}

/** What the key is called where the master key wraps it. */
const wrappedAs = 'data-key'
const version = 1

/**
 * Protects personal bytes of a company where they lie (strokes of a signature, scans of identity cards): AES-256-GCM under a key of the
 * company that the master key wraps. Company and purpose are bound in: what was protected for one purpose opens for no other, and
 * in no other company. A rotation of the master key wraps the company's key anew; the bytes stay as they are.
 */
export class DataProtection {
  private readonly keys = new Map<string, Promise<Buffer>>()

  constructor(
    private readonly database: Database,
    private readonly place: MasterKeyPlace,
    private readonly now: () => Date,
  ) {}

  /** The bytes under AES-256-GCM with the company's data key, bound to company and purpose: version (1), nonce (12), tag (16), text. */
  async protect(companyId: string, bytes: Uint8Array, purpose: string): Promise<Buffer> {
    const key = await this.keyOf(companyId)
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(boundTo(companyId, purpose))
    const text = Buffer.concat([cipher.update(bytes), cipher.final()])
    return Buffer.concat([Buffer.from([version]), nonce, cipher.getAuthTag(), text])
  }

  /** @throws Fault SIGN-PROTECTED-UNREADABLE when bytes, company or purpose are not those of `protect` */
  async reveal(companyId: string, bytes: Uint8Array, purpose: string): Promise<Buffer> {
    const key = await this.keyOf(companyId)
    try {
      if (bytes.length < 29 || bytes[0] !== version) throw new RangeError('layout')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13), { authTagLength: 16 })
      decipher.setAAD(boundTo(companyId, purpose))
      decipher.setAuthTag(bytes.subarray(13, 29))
      return Buffer.concat([decipher.update(bytes.subarray(29)), decipher.final()])
    } catch (error) {
      throw new Fault('SIGN-PROTECTED-UNREADABLE', { params: { purpose }, status: 500, cause: error })
    }
  }

  /** Forgets the opened data keys. */
  close(): void {
    this.keys.clear()
  }

  private keyOf(companyId: string): Promise<Buffer> {
    const known = this.keys.get(companyId)
    if (known !== undefined) return known
    const reading = this.database.company(companyId, (transaction) => this.readOrMake(transaction))
    reading.catch(() => this.keys.delete(companyId))
    this.keys.set(companyId, reading)
    // Companies nobody asked about for long make room.
    const oldest = this.keys.keys().next()
    if (this.keys.size > 256 && oldest.done !== true) this.keys.delete(oldest.value)
    return reading
  }

  private async readOrMake(transaction: CompanyTransaction): Promise<Buffer> {
    const { companyId, knex } = transaction
    const read = (): Promise<DataKeyRow | undefined> => knex<DataKeyRow>('core_data_key').where({ company_id: companyId }).first()
    let row = await read()
    if (row === undefined) {
      const secret = randomBytes(32)
      const masterKey = await wrappingKeyFor(transaction, this.place, this.now())
      const wrapped = wrapKey(masterKey, companyId, wrappedAs, secret)
      // Of two that begin at once the first one's key is the company's.
      await knex('core_data_key').insert({ company_id: companyId, wrapped, created_at: this.now() }).onConflict('company_id').ignore()
      row = await read()
    }
    return unwrapKey(loadMasterKeys(this.place), companyId, wrappedAs, row?.wrapped ?? '')
  }
}

function boundTo(companyId: string, purpose: string): Buffer {
  return Buffer.from(`khatm-data-${String(version)}|${companyId}|${purpose}`)
}

/** Part of a rotation of the master key, in its transaction. @returns how many were wrapped anew */
export async function rewrapDataKey(transaction: CompanyTransaction, rewrap: Rewrap): Promise<number> {
  const { companyId, knex } = transaction
  const row = await knex<DataKeyRow>('core_data_key').where({ company_id: companyId }).forUpdate().first()
  if (row === undefined) return 0
  const wrapped = rewrap(wrappedAs, row.wrapped)
  if (wrapped === row.wrapped) return 0
  await knex('core_data_key').where({ company_id: companyId }).update({ wrapped })
  return 1
}
