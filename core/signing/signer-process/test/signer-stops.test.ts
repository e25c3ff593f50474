import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readingTypeScript } from '../../../../test/helpers/reading-typescript.js'
import { startSigner, type Signer } from '../signer-server.js'
import { StoppedCredentials, stopCredential } from '../stopped-credentials.js'
import { logFile } from '../use-log.js'
import { fault, said, sign, SignerClients } from './signer-clients.js'
import { silent, SignerHouse } from './signer-house.js'

describe('stopped credentials of khatm signer', () => {
  let house: SignerHouse
  let signer: Signer
  let clients: SignerClients

  before(async () => {
    house = new SignerHouse()
    house.addClient('host-a')
    for (const name of ['seal', 'lost']) house.addKeyFile(name, 'ec-p256')
    signer = await startSigner(house.configure(), silent)
    clients = new SignerClients(house, signer.url)
  })
  afterEach(() => clients.close())
  after(async () => {
    await signer.stop()
    house.remove()
  })

  it('stops a credential at once, also one that was authorised a moment ago', async () => {
    const provider = clients.hostOf('host-a')
    await sign(provider, 'lost')
    const hash = randomBytes(32)
    const sad = await clients.grant('host-a', 'lost', [hash])
    assert.equal(stopCredential(house.stateFolder, 'lost', 'laptop stolen', new Date()), true)
    assert.deepEqual(said(await clients.signHash('host-a', 'lost', sad, [hash])), [400, 'invalid_request: The credential is disabled'])
    await assert.rejects(sign(clients.hostOf('host-a'), 'lost'), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
    await sign(provider)
    assert.match(
      readFileSync(logFile(house.stateFolder), 'utf8'),
      /"event":"credential-stopped","credential":"lost","reason":"laptop stolen"/,
    )
  })

  it('stops everything when the list of stopped credentials cannot be read', async () => {
    const file = join(house.stateFolder, 'stopped.json')
    const before = readFileSync(file)
    writeFileSync(file, '{"lost": ')
    await assert.rejects(sign(clients.hostOf('host-a')), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
    writeFileSync(file, before)
    await sign(clients.hostOf('host-a'))
  })

  it('never replaces a list that cannot be read, and loses none of many reports made at once', async () => {
    const folder = join(house.folder, 'reports')
    stopCredential(folder, 'first', 'lost', new Date())
    writeFileSync(join(folder, 'stopped.json'), '{"first": ')
    assert.throws(() => stopCredential(folder, 'second', 'lost', new Date()), fault('SIGNER-STOPS-UNREADABLE'))
    assert.equal(readFileSync(join(folder, 'stopped.json'), 'utf8'), '{"first": ')
    rmSync(join(folder, 'stopped.json'))
    const module = join(import.meta.dirname, '..', 'stopped-credentials.ts')
    const report = (name: string): string =>
      `import { StoppedCredentials, stopCredential } from ${JSON.stringify(module)}; for (let i = 0; i < 40; i++) stopCredential(${JSON.stringify(folder)}, '${name}' + i, 'x', new Date())`
    await Promise.all(
      ['a', 'b'].map(async (name) => {
        const child = spawn(process.execPath, [...readingTypeScript, '--input-type=module', '-e', report(name)], { stdio: 'ignore' })
        const [code] = (await once(child, 'exit')) as [number | null]
        assert.equal(code, 0)
      }),
    )
    assert.equal(new StoppedCredentials(folder).all().length, 80)
  })
})
