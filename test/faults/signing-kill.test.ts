import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { brokenEvent, readEvents } from '../../modules/signatures/services/events.js'
import { anchorsFor } from '../../modules/signatures/services/signing/sealed-document.js'
import { documentOf, SigningHouse } from '../../modules/signatures/services/signing/test/signing-house.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'
import { until } from '../helpers/until.js'

describe('A worker killed between making and storing', function () {
  this.timeout(400_000)
  let house: SigningHouse
  let worker: ChildProcess | undefined

  before(async () => {
    house = await SigningHouse.open()
  })
  after(async () => {
    worker?.kill('SIGKILL')
    await house.close()
  })

  /** Starts a worker; `reached` is there when it has made what it never stores. */
  async function start(stopBefore: 'signature' | 'seal' | ''): Promise<{ reached: Promise<void> }> {
    const { publicUrl, smtp, allowedPrivateOrigins, sandbox, signing } = house.host.config
    const config = { publicUrl, smtp, allowedPrivateOrigins, sandbox, signing: { timeStampUrl: signing.timeStampUrl } }
    const script = join(import.meta.dirname, 'signing-worker.ts')
    const started = spawn(process.execPath, [...readingTypeScript, script, house.running.dataDir, JSON.stringify(config), stopBefore], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    worker = started
    const said = (word: string): Promise<void> =>
      new Promise((resolve) => {
        started.stdout.on('data', (text: Buffer) => {
          if (text.includes(word)) resolve()
        })
      })
    const reached = said('reached')
    await said('ready')
    return { reached }
  }

  it('the job comes again: one signature, one seal, every mail once', async () => {
    const templateId = await house.template(await documentOf(2), 2)
    const sent = await house.sent(templateId)
    const first = await start('signature')
    house.sandbox.faults.inject({ kind: 'error-503', path: '/tsa', times: 0 })
    assert.equal((await house.submit(sent, 'employee')).state, 'submitted')
    house.sandbox.faults.clear()
    await first.reached
    worker?.kill('SIGKILL')
    assert.equal((await house.read(sent.id)).headSha256, sent.frozenSha256, 'nothing of it is there')
    const second = await start('seal')
    await until('the next worker has signed', async () => house.signer(await house.read(sent.id), 'employee').state === 'signed')

    assert.equal((await house.submit(sent, 'employer')).state, 'signed')
    await second.reached
    worker?.kill('SIGKILL')
    assert.equal((await house.read(sent.id)).state, 'signed')
    await start('')
    await until('the next worker has sealed', async () => (await house.read(sent.id)).state === 'sealed')
    await until('the mails are there', async () => (await house.sandbox.mailbox()).filter(isCopy).length >= 2)
    worker?.kill('SIGKILL')

    const sealed = await house.read(sent.id)
    const finished = await house.file(sealed.sealedSha256)
    const verdict = await house.host.verifiers.verify('finished.pdf', finished, {
      trust: await anchorsFor(house.host, house.context.companyId),
    })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.findings))
    assert.equal(verdict.signatures.length, 4)
    const events = await house.company((transaction) => readEvents(transaction, sent.id))
    assert.equal(brokenEvent(events), undefined)
    const count = (type: string): number => events.filter((event) => event.type === type).length
    assert.deepEqual(
      ['submitted', 'signed', 'all_signed', 'sealed', 'archived', 'completed', 'delivered'].map(count),
      [2, 2, 1, 1, 1, 1, 1],
    )
    const copies = (await house.sandbox.mailbox()).filter(isCopy)
    for (const address of ['fatima@example.test', 'ivan@example.test'])
      assert.equal(copies.filter(({ to }) => to.includes(address)).length, 1)
  })

  const isCopy = (mail: { readonly attachments: readonly { readonly name: string }[] }): boolean =>
    mail.attachments.some(({ name }) => name.endsWith('.pdf'))
})
