import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder, type TemporaryFolder } from '../../test/helpers/temporary-folder.js'
import { Fault } from '../../core/i18n/fault.js'
import { loadConfiguration } from '../load.js'

describe('configuration', () => {
  let folder: TemporaryFolder
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())
  const file = (value: unknown) => writeFile(join(folder.path, 'khatm.json'), typeof value === 'string' ? value : JSON.stringify(value))
  const load = (environment: Record<string, string> = {}, overrides = {}) =>
    loadConfiguration({ environment: { KHATM_DATA: folder.path, ...environment }, overrides })
  const refused = (code: string, params: Record<string, unknown>) => (error: unknown) => {
    assert.ok(error instanceof Fault)
    assert.equal(error.code, code)
    for (const [name, value] of Object.entries(params)) assert.equal(error.params[name], value)
    return true
  }

  it('starts from the defaults, with an absolute data folder', () => {
    const config = loadConfiguration({ environment: {} })
    assert.equal(config.port, 8069)
    assert.equal(config.dataDir, join(process.cwd(), 'data'))
  })

  it('lets the file win over defaults, the environment over the file, the command line over all', async () => {
    await file({ port: 1111, smtp: { host: 'mail.file' }, database: { poolSize: 3 } })
    assert.equal(load().port, 1111)
    assert.equal(load({ KHATM_PORT: '2222' }).port, 2222)
    assert.equal(load({ KHATM_PORT: '2222' }, { port: 3333 }).port, 3333)
    assert.deepEqual([load().database, load().smtp.port], [{ url: null, poolSize: 3 }, 587])
    assert.equal(load({}, { port: undefined }).port, 1111)
  })

  it('reads every variable into its place', () => {
    const config = load({
      DATABASE_URL: 'postgres://db/khatm',
      KHATM_PUBLIC_URL: 'https://khatm.example',
      KHATM_SMTP_URL: 'smtps://user%40x:p%2Fw@mail.example',
      KHATM_SMTP_PASSWORD: 'from-the-variable',
      KHATM_MASTER_KEY: 'a2V5',
      KHATM_SANDBOX_URL: 'http://127.0.0.1:1',
      KHATM_TSA_URL: 'http://127.0.0.1:2',
    })
    assert.equal(config.database.url, 'postgres://db/khatm')
    assert.equal(config.publicUrl, 'https://khatm.example')
    assert.deepEqual(
      {
        host: config.smtp.host,
        port: config.smtp.port,
        secure: config.smtp.secure,
        user: config.smtp.user,
        password: config.smtp.password,
      },
      { host: 'mail.example', port: 465, secure: true, user: 'user@x', password: 'from-the-variable' },
    )
    assert.deepEqual(
      [config.signing.masterKey, config.signing.timeStampUrl, config.sandbox.url],
      ['a2V5', 'http://127.0.0.1:2', 'http://127.0.0.1:1'],
    )
  })

  it("takes secrets out of the process's own environment, so that no child inherits them, and knows them at the next reading", () => {
    const names = ['KHATM_MASTER_KEY', 'KHATM_SMTP_PASSWORD'] as const
    const before = names.map((name) => process.env[name])
    process.env['KHATM_MASTER_KEY'] = 'a2V5'
    process.env['KHATM_SMTP_PASSWORD'] = 'p/w'
    try {
      for (let round = 0; round < 2; round++) {
        const { signing, smtp } = loadConfiguration({ overrides: { dataDir: folder.path } })
        assert.deepEqual([signing.masterKey, smtp.password], ['a2V5', 'p/w'])
        for (const name of names) assert.equal(name in process.env, false)
      }
      const child = execFileSync(process.execPath, ['-p', 'JSON.stringify(process.env)'], { encoding: 'utf8' })
      assert.doesNotMatch(child, /a2V5|p\/w/)
    } finally {
      // An empty variable is one that is not set: what was withheld is forgotten for the tests that follow.
      for (const [index, name] of names.entries()) process.env[name] = before[index] ?? ''
      loadConfiguration({ overrides: { dataDir: folder.path } })
    }
  })

  it('takes an empty variable as not set', () => {
    assert.equal(load({ DATABASE_URL: '', KHATM_PORT: '' }).database.url, null)
  })

  it('names the field, the reason and where a bad value came from', async () => {
    assert.throws(() => load({ KHATM_PORT: 'eighty' }), refused('CONFIG-INVALID', { field: 'port', source: 'environment' }))
    assert.throws(() => load({ KHATM_SMTP_URL: 'mail.example' }), refused('CONFIG-INVALID', { field: 'KHATM_SMTP_URL' }))
    assert.throws(() => load({}, { port: 70_000 }), refused('CONFIG-INVALID', { field: 'port', source: 'command line' }))
    await file({ database: { poolSize: 0 } })
    assert.throws(() => load(), refused('CONFIG-INVALID', { field: 'database.poolSize', source: join(folder.path, 'khatm.json') }))
    await file({ prot: 80 })
    assert.throws(() => load(), refused('CONFIG-INVALID', { field: 'prot' }))
  })

  it('says which file it cannot read', async () => {
    for (const text of ['{', '[]', 'null']) {
      await file(text)
      assert.throws(() => load(), refused('CONFIG-FILE', { file: join(folder.path, 'khatm.json') }))
    }
  })

  it('does not let the file in the data folder move the data folder', async () => {
    await file({ dataDir: '/elsewhere' })
    assert.equal(load().dataDir, folder.path)
  })
})
