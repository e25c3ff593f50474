import assert from 'node:assert/strict'
import { createHash, verify, X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startSandbox, type Sandbox } from '../index.js'
import { opensslSays, scratch } from './support/unit.js'

/** The service as the standard's own examples speak to it; node:crypto and openssl judge, the product's client is not asked. */
describe('sandbox remote signing service, by the letter of the CSC API', () => {
  const folder = scratch()
  let sandbox: Sandbox
  let token = ''

  before(async () => {
    sandbox = await startSandbox({ dataDir: join(folder.path, 'state') })
    const { url, clientId, clientSecret } = sandbox.csc
    const answer = await fetch(`${url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
    })
    token = ((await answer.json()) as { access_token: string }).access_token
  })
  after(async () => {
    await sandbox.close()
    folder.remove()
  })

  async function post(path: string, body: object, bearer = token): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(`${sandbox.csc.url}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  it('says what it is without a token, and nothing else', async () => {
    assert.equal((await post('v1/info', {}, '')).body['specs'], '1.0.4.0')
    const two = (await post('v2/info', {}, '')).body
    assert.deepEqual([two['specs'], two['authType'], two['asynchronousOperationMode']], ['2.0.0.2', ['oauth2client'], false])
    const refused = await post('v2/credentials/list', {}, 'guess')
    assert.deepEqual([refused.status, refused.body['error']], [401, 'invalid_token'])
  })

  it('refuses a wrong client and another grant', async () => {
    const ask = async (form: Record<string, string>): Promise<unknown> => {
      const answer = await fetch(`${sandbox.csc.url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
      return [answer.status, ((await answer.json()) as { error: string }).error]
    }
    assert.deepEqual(await ask({ grant_type: 'client_credentials', client_id: 'khatm', client_secret: 'guess' }), [401, 'invalid_client'])
    assert.deepEqual(await ask({ grant_type: 'password' }), [400, 'unsupported_grant_type'])
  })

  it('lists in pages', async () => {
    const first = (await post('v1/credentials/list', { maxResults: 4 })).body
    assert.equal((first['credentialIDs'] as string[]).length, 4)
    const rest = (await post('v1/credentials/list', { maxResults: 100, pageToken: first['nextPageToken'] })).body
    assert.equal((rest['credentialIDs'] as string[]).length, 5)
    assert.equal(rest['nextPageToken'], undefined)
  })

  it('signs a hash in version 1 with the PIN of a person', async () => {
    const hash = createHash('sha256').update('contract').digest('base64')
    const info = (await post('v1/credentials/info', { credentialID: 'person-pin', certificates: 'single', certInfo: true, authInfo: true }))
      .body
    assert.deepEqual([info['authMode'], info['SCAL'], info['multisign']], ['explicit', '2', 10])
    assert.equal((info['PIN'] as { presence: string }).presence, 'true')
    const wrong = await post('v1/credentials/authorize', { credentialID: 'person-pin', numSignatures: 1, hash: [hash], PIN: '1' })
    assert.deepEqual([wrong.status, wrong.body['error']], [400, 'invalid_pin'])
    const right = await post('v1/credentials/authorize', {
      credentialID: 'person-pin',
      numSignatures: 1,
      hash: [hash],
      PIN: sandbox.csc.pin,
    })
    const asked = { credentialID: 'person-pin', SAD: right.body['SAD'], hash: [hash], signAlgo: '1.2.840.10045.4.3.2' }
    const signed = await post('v1/signatures/signHash', asked)
    assert.equal(signed.status, 200)
    const [signature = ''] = signed.body['signatures'] as string[]
    const certificate = new X509Certificate(Buffer.from((info['cert'] as { certificates: string[] }).certificates[0] ?? '', 'base64'))
    assert.equal(verify('sha256', Buffer.from('contract'), certificate.publicKey, Buffer.from(signature, 'base64')), true)
    assert.equal((await post('v1/signatures/signHash', asked)).status, 400)
  })

  it('wants every factor of version 2, and never signs asynchronously', async () => {
    const hash = createHash('sha384').update('x').digest('base64')
    const body = { credentialID: 'person-otp', numSignatures: 1, hashes: [hash], hashAlgorithmOID: '2.16.840.1.101.3.4.2.2' }
    const pin = { id: 'PIN', value: sandbox.csc.pin }
    assert.equal((await post('v2/credentials/authorize', { ...body, authData: [pin] })).status, 400)
    const wrong = await post('v2/credentials/authorize', { ...body, authData: [pin, { id: 'OTP', value: '1' }] })
    assert.equal(wrong.body['error'], 'invalid_otp')
    const right = await post('v2/credentials/authorize', { ...body, authData: [pin, { id: 'OTP', value: '135791' }] })
    assert.equal(right.status, 200)
    const asked = { ...body, SAD: right.body['SAD'], signAlgo: '1.2.840.10045.4.3.3', operationMode: 'A' }
    assert.equal((await post('v2/signatures/signHash', asked)).status, 400)
    assert.equal((await post('v2/signatures/signHash', { ...asked, operationMode: 'S' })).status, 200)
  })

  it('stamps the time', async () => {
    writeFileSync(join(folder.path, 'data'), 'to be stamped')
    writeFileSync(join(folder.path, 'root.pem'), sandbox.trustAnchorsPem)
    const hash = createHash('sha256').update('to be stamped').digest('base64')
    const answer = await post('v2/signatures/timestamp', { hash, hashAlgo: '2.16.840.1.101.3.4.2.1', nonce: '4a5b6c' })
    writeFileSync(join(folder.path, 'token'), Buffer.from(String(answer.body['timestamp']), 'base64'))
    const args = ['ts', '-verify', '-data', 'data', '-in', 'token', '-token_in', '-CAfile', 'root.pem']
    assert.match(opensslSays(folder.path, ...args), /Verification: OK/)
  })
})
