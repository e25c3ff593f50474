import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CscKeyProvider } from '../../keys/csc/csc-provider.js'
import { startSigner, type Signer } from '../signer-server.js'
import { logFile, UseLog, verifyUseLog } from '../use-log.js'
import { ecdsaSha256, fault, said, sha256, sign, SignerClients } from './signer-clients.js'
import { silent, SignerHouse } from './signer-house.js'

describe('use log of khatm signer', () => {
  let house: SignerHouse
  let signer: Signer
  let clients: SignerClients
  let host: CscKeyProvider

  before(async () => {
    house = new SignerHouse()
    house.addClient('host-a')
    house.addKeyFile('seal', 'ec-p256')
    house.addKeyFile('invoices', 'ec-p256', { purposes: ['stamp-e-invoice', 'seal-document'] })
    house.addKeyFile('with-pin', 'ec-p256', { pinFile: house.write('client-pin', '739155\n') })
    signer = await startSigner(house.configure(), silent)
    clients = new SignerClients(house, signer.url)
    host = clients.hostOf('host-a', house.write('right-pin', '739155'))
  })
  after(async () => {
    await clients.close()
    await signer.stop()
    house.remove()
  })

  it('writes into the log what the authorisation was given for, whatever the signature request says', async () => {
    const hash = randomBytes(32)
    const base = { credentialID: 'invoices', hashes: [hash.toString('base64')], hashAlgorithmOID: sha256 }
    const clientData = 'purpose=seal-document'
    const given = await clients.raw('host-a', '/csc/v2/credentials/authorize', { ...base, numSignatures: 1, clientData })
    const { SAD } = JSON.parse(given.body.toString()) as { SAD: string }
    const order = { ...base, SAD, signAlgo: ecdsaSha256 }
    const lie = await clients.raw('host-a', '/csc/v2/signatures/signHash', { ...order, clientData: 'purpose=sign-contract' })
    assert.deepEqual(said(lie), [400, 'invalid_request: Invalid parameter clientData'])
    assert.equal((await clients.raw('host-a', '/csc/v2/signatures/signHash', order)).status, 200)
    const entry = readFileSync(logFile(house.stateFolder), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    assert.match(entry, new RegExp(`${hash.toString('hex')}.*"for":"purpose=seal-document"`))
  })

  it('holds every signature before it is given, chained, and shows any change', async () => {
    for (let index = 0; index < 5; index++) await sign(host)
    await sign(host, 'with-pin')
    const digest = createHash('sha256').update('logged').digest()
    await sign(host, 'seal', 'seal-document', digest)
    const file = logFile(house.stateFolder)
    const whole = readFileSync(file, 'utf8')
    assert.ok(whole.includes(digest.toString('hex')))
    assert.equal(whole.includes('739155'), false)
    const head = signer.head()
    assert.deepEqual(await verifyUseLog(house.stateFolder, head), { entries: head.sequence, intact: true, head })
    const lines = whole.trimEnd().split('\n')
    const changed: readonly [string, readonly string[], string][] = [
      ['another digest', lines.map((line) => line.replace(digest.toString('hex'), 'f'.repeat(64))), 'hash'],
      ['a line taken out', lines.toSpliced(3, 1), 'sequence'],
      ['two lines exchanged', lines.toSpliced(2, 2, lines[3] ?? '', lines[2] ?? ''), 'sequence'],
      ['no JSON', lines.with(4, 'x'), 'unreadable'],
    ]
    const copy = new SignerHouse()
    try {
      for (const [what, text, reason] of changed) {
        copy.write('use.log', `${text.join('\n')}\n`)
        const checked = await verifyUseLog(copy.folder)
        assert.deepEqual([what, checked.intact, checked.reason], [what, false, reason])
      }
      copy.write('use.log', `${lines.slice(0, -1).join('\n')}\n`)
      assert.equal((await verifyUseLog(copy.folder)).intact, true)
      assert.equal((await verifyUseLog(copy.folder, head)).reason, 'head')
      copy.write('use.log', whole.slice(0, -10))
      assert.equal((await verifyUseLog(copy.folder)).reason, 'torn')
    } finally {
      copy.remove()
    }
  })

  it('belongs to one process', async () => {
    await assert.rejects(startSigner(house.configurationFile, silent), fault('SIGNER-RUNNING'))
  })

  it('is taken over from one that was killed, also where its number belongs to another process now', async function () {
    if (process.platform !== 'linux') return this.skip()
    const other = new SignerHouse()
    try {
      // A container started anew gives its first program the number of the one before.
      other.write('signer.lock', `${process.pid} 1`)
      const log = await UseLog.open(other.folder, () => new Date())
      await assert.rejects(
        UseLog.open(other.folder, () => new Date()),
        fault('SIGNER-RUNNING'),
      )
      await log.close()
    } finally {
      other.remove()
    }
  })
})
