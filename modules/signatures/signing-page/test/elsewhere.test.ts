import assert from 'node:assert/strict'
import { signPdf } from '../../../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../../../core/signing/test/test-authority.js'
import type { SignRequest } from '../../models/request.js'
import { createRequest } from '../../services/requests/create-request.js'
import { sendRequest } from '../../services/requests/send-request.js'
import { SignerHouse } from './signer-house.js'
import type { WebClient } from '../../../../test/helpers/web-client.js'

/** The page of a signer who signs with a token and a program of his own; our writer stands for that program. */
describe('Signing with a program of one’s own', function () {
  this.timeout(180_000)
  const authority = issueCertificate({ commonName: 'National CA', ca: true })
  const signer = signerOf(issueCertificate({ commonName: 'سلمى العتيبي', issuer: authority }), [authority])
  const filled = { 'full-name': 'سلمى العتيبي', iban: 'SA0380000000608010167519', 'first-day': '2026-12-01' }
  const fieldName = 'employee.signature'
  let house: SignerHouse

  before(async () => {
    house = await SignerHouse.open()
  })
  after(() => house.close())

  const setting = (ownProgram: boolean): Promise<void> =>
    house.signing.company(async (transaction) => {
      await house.host.settings.set(transaction, house.signing.context, 'signatures', { ownProgram })
    })

  async function opened(): Promise<{ request: SignRequest; path: string; client: WebClient }> {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    return { request, path, client: await house.ready(path) }
  }
  const fill = (client: WebClient, path: string): Promise<unknown> => client.post(`${path}/values`, { data: JSON.stringify(filled) })
  const give = (client: WebClient, path: string, bytes: Buffer): ReturnType<WebClient['upload']> =>
    client.upload(`${path}/elsewhere`, { file: { name: 'signed.pdf', bytes } })

  it('says what is left to fill in, then hands out the very bytes, takes them back signed, and the next is asked', async () => {
    const { request, path, client } = await opened()
    assert.match((await client.get(`${path}/elsewhere`)).text, /رقم الآيبان/)
    assert.equal((await client.post(`${path}/elsewhere/file`, {})).status, 422)
    await fill(client, path)
    const page = await client.get(`${path}/elsewhere`)
    assert.match(page.text, /employee\.signature/)
    const file = await client.post(`${path}/elsewhere/file`, {})
    assert.ok(file.bytes.subarray(0, 5).equals(Buffer.from('%PDF-')))
    assert.ok((await client.post(`${path}/elsewhere/file`, {})).bytes.equals(file.bytes))
    const signed = await signPdf(file.bytes, { signer, signedAt: house.host.now(), fieldName })
    const finished = await give(client, path, signed.pdf)
    assert.equal(finished.status, 303, finished.text)
    assert.equal((await house.signer(request, 'employee')).state, 'signed')
    assert.equal((await house.signer(request, 'employer')).state, 'sent')
    assert.ok((await house.events(request)).includes('signed'))
  })

  it('refuses what is not that file with one signature more, in words, and goes on', async () => {
    const { request, path, client } = await opened()
    await fill(client, path)
    const { bytes } = await client.post(`${path}/elsewhere/file`, {})
    for (const [given, words] of [
      [bytes, /ليس هذا الملف/],
      [Buffer.from('%PDF-1.7 nothing'), /ليس هذا الملف/],
      [(await signPdf(bytes, { signer, signedAt: house.host.now(), fieldName: 'Mine' })).pdf, /في حقل التوقيع المخصص لك/],
    ] as const) {
      const answer = await give(client, path, given)
      assert.equal(answer.status, 422)
      assert.match(answer.text, words)
    }
    assert.equal((await house.signer(request, 'employee')).state, 'verified')
  })

  it('is not there for a stranger, before consent, or where the company does not want it', async () => {
    const { request, path, client } = await opened()
    const stranger = await house.opened(await house.link(request, 'employee'))
    const turned = await stranger.post(`${path}/elsewhere/file`, {})
    assert.equal(turned.status, 303)
    await setting(false)
    try {
      assert.doesNotMatch((await client.get(path)).text, /elsewhere/)
      assert.equal((await client.post(`${path}/elsewhere/file`, {})).status, 303)
    } finally {
      await setting(true)
    }
    assert.match((await client.get(path)).text, /\/elsewhere/)
  })

  it('is the only way of a qualified signer whose key is not known here, and takes a trusted certificate only', async () => {
    const request = await house.sent({ employee: { level: 'qualified' } })
    const path = await house.link(request, 'employee')
    const client = await house.ready(path)
    assert.match((await client.get(path)).text, /data-elsewhere/)
    await fill(client, path)
    const { bytes } = await client.post(`${path}/elsewhere/file`, {})
    const answer = await give(client, path, (await signPdf(bytes, { signer, signedAt: house.host.now(), fieldName })).pdf)
    assert.equal(answer.status, 422)
    assert.match(answer.text, /جهة تصديق موثوقة/)
    await setting(false)
    try {
      const id = await house.signing.company((transaction) =>
        createRequest(house.host, transaction, house.signing.context, {
          templateId: house.templateId,
          signers: request.signers.map(({ role, name, email, level }) => ({ role, name, email: email ?? '', level })),
        }),
      )
      await assert.rejects(sendRequest(house.host, house.signing.context, id), /SIGNATURES-LEVEL-QUALIFIED/)
    } finally {
      await setting(true)
    }
  })

  it('may be brought by a program of the company, and by nobody’s before the signer downloaded it', async () => {
    const { request, path, client } = await opened()
    await fill(client, path)
    const { secret } = await house.signing.running.access.createApiKey(house.signing.context, 'program', ['signatures.user'])
    const { id } = await house.signer(request, 'employee')
    const bring = (pdf: Buffer): Promise<Response> =>
      fetch(`${house.url}/api/v1/sign-requests/${request.id}/signers/${id}/signed-file`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: pdf.toString('base64') }),
      })
    const early = await bring(Buffer.from('%PDF-1.7'))
    assert.equal(early.status, 422)
    assert.match(await early.text(), /SIGNATURES-OUTSIDE-NOT-ASKED/)
    const { bytes } = await client.post(`${path}/elsewhere/file`, {})
    const taken = await bring((await signPdf(bytes, { signer, signedAt: house.host.now(), fieldName })).pdf)
    assert.equal(taken.status, 200, await taken.text())
    assert.equal((await house.signer(request, 'employee')).state, 'signed')
  })

  it('one certificate does not sign for two people', async () => {
    const { request, path, client } = await opened()
    await fill(client, path)
    const first = await client.post(`${path}/elsewhere/file`, {})
    await give(client, path, (await signPdf(first.bytes, { signer, signedAt: house.host.now(), fieldName })).pdf)
    const next = await house.link(request, 'employer')
    const other = await house.ready(next, 'ivan@example.test')
    const second = await other.post(`${next}/elsewhere/file`, {})
    const signed = await signPdf(second.bytes, { signer, signedAt: house.host.now(), fieldName: 'employer.signature' })
    const answer = await give(other, next, signed.pdf)
    assert.equal(answer.status, 422)
    assert.match(answer.text, /same certificate/)
  })
})
