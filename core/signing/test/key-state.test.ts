import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { scratchDatabase, type ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import type { Database } from '../../db/database.js'
import { Fault } from '../../i18n/fault.js'
import { insertKey } from '../key-store.js'
import type { Key } from '../key.js'
import { KeyStates } from '../key-state.js'

describe('state of a key of an open signer', function () {
  this.timeout(180_000)
  let scratch: ScratchDatabase
  let states: KeyStates
  let reads = 0
  let clock = 0

  before(async () => {
    scratch = await scratchDatabase()
    const company: Database['company'] = (companyId, work) => {
      reads++
      return scratch.database.company(companyId, work)
    }
    const counting = new Proxy(scratch.database, {
      get: (target, name): unknown => (name === 'company' ? company : Reflect.get(target, name)),
    })
    states = new KeyStates(counting, () => clock)
  })
  after(() => scratch.end())

  it('is read once a second, however many signatures are made, and again by the first one after that second', async () => {
    const key = await storedKey()
    states.note(key)
    for (let count = 0; count < 50; count++) await states.require(key)
    assert.equal(reads, 0)
    clock += 999
    await states.require(key)
    assert.equal(reads, 0)
    clock += 1
    await Promise.all(Array.from({ length: 50 }, () => states.require(key)))
    for (let count = 0; count < 50; count++) await states.require(key)
    assert.equal(reads, 1)
  })

  it('is read again after a change of this process, also by one who asked meanwhile', async () => {
    const key = await storedKey()
    const asked = states.require(key)
    await scratch.database.company(key.companyId, ({ knex }) => knex('core_key').where({ id: key.id }).update({ version: 7 }))
    states.forget(key.id)
    await asked.catch(() => undefined)
    await assert.rejects(states.require(key), (error) => error instanceof Fault && error.code === 'SIGN-KEY-CHANGED')
    await states.require({ ...key, version: 7 })
  })

  async function storedKey(): Promise<Key> {
    const key: Key = {
      id: randomUUID(),
      companyId: randomUUID(),
      name: 'Seal',
      provider: 'software',
      algorithm: 'ec-p256',
      publicKey: Buffer.alloc(1),
      certificates: [],
      purposes: ['seal-document'],
      state: 'active',
      attributes: {},
      version: 1,
    }
    await scratch.database.company(key.companyId, (transaction) => insertKey(transaction, { ...key, stored: {} }, new Date()))
    return key
  }
})
