import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startSigner } from '../signer-server.js'
import { fault } from './signer-clients.js'
import { silent, SignerHouse } from './signer-house.js'

describe('configuration of khatm signer', () => {
  let house: SignerHouse
  beforeEach(() => {
    house = new SignerHouse()
    house.addClient('host-a')
    house.addKeyFile('seal', 'ec-p256')
  })
  afterEach(() => {
    house.remove()
  })
  const refused = async (code: string, more: Record<string, unknown>): Promise<void> => {
    house.more = more
    await assert.rejects(startSigner(house.configure(), silent), fault(code))
  }

  it('runs without TLS on loopback alone, and only when that is written down', async () => {
    await refused('SIGNER-CONFIG-INVALID', { tls: undefined })
    await refused('SIGNER-PLAIN-REFUSED', { tls: undefined, plainHttp: { client: 'host-a' }, listen: '0.0.0.0' })
    house.more = { tls: undefined, plainHttp: { client: 'host-a' } }
    const signer = await startSigner(house.configure(), silent)
    assert.match(signer.url, /^http:\/\/127\.0\.0\.1:\d+\/csc$/)
    const answer = await fetch(`${signer.url}/v2/credentials/list`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    assert.deepEqual(await answer.json(), { credentialIDs: ['seal'] })
    await signer.stop()
  })

  it('names what is wrong: unknown members, clients nobody listed, files that are missing, open or of another key', async () => {
    await refused('SIGNER-CONFIG-INVALID', { colour: 'green' })
    await refused('SIGNER-CONFIG-INVALID', { clients: [{ name: 'host-a', subject: 'CN=host-a', fingerprint: 'ab' }] })
    await refused('SIGNER-CONFIG-INVALID', { clients: [{ name: 'other', subject: 'CN=other' }] })
    await refused('SIGNER-FILE-MISSING', {
      tls: { certificateFile: 'server.pem', keyFile: 'gone.key', clientAuthorityFile: 'authority.pem' },
    })
    const credential = { id: 'seal', clients: ['host-a'], key: { kind: 'file', file: 'seal.key' } }
    await refused('SIGNER-CERT-MISMATCH', { credentials: [{ ...credential, chainFile: 'server.pem' }] })
    const open = join(house.folder, 'open-pin')
    writeFileSync(open, '1234', { mode: 0o644 })
    await refused('SIGNER-FILE-EXPOSED', { credentials: [{ ...credential, chainFile: 'seal.pem', pinFile: 'open-pin' }] })
    await assert.rejects(startSigner(join(house.folder, 'nothing.json'), silent), fault('SIGNER-FILE-MISSING'))
  })
})
