import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { getHeapSnapshot } from 'node:v8'
import { Fault } from '../../core/i18n/fault.js'
import { CscKeyProvider } from '../../core/signing/keys/csc/csc-provider.js'
import { SignerHouse } from '../../core/signing/signer-process/test/signer-house.js'
import { logFile, verifyUseLog } from '../../core/signing/signer-process/use-log.js'
import { softHsmIsHere, SoftToken } from '../../core/signing/test/soft-token.js'
import { verifyDigestSignature } from '../../core/validation/ecdsa.js'
import { addTokenKeys } from '../contract/csc-providers.js'

const command = join(import.meta.dirname, '../../bin/khatm.mjs')

const fault = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code, error.message)
  return true
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  })
}

describe('khatm signer as a process', function () {
  this.timeout(180_000)
  let house: SignerHouse
  let token: SoftToken | undefined
  let url: string
  let running: ChildProcess | undefined
  const open: CscKeyProvider[] = []

  before(async () => {
    house = new SignerHouse()
    for (const name of ['host-a', 'host-b']) house.addClient(name)
    const port = await freePort()
    house.more = { port }
    url = `https://127.0.0.1:${port}/csc`
    house.addKeyFile('seal', 'ec-p256')
    // The PIN is made of bytes, so that this process holds no text of it but what the product itself would leave.
    house.write('pin', Buffer.from(randomBytes(12).map((byte) => 0x61 + (byte % 26))))
    house.addKeyFile('with-pin', 'ec-p256', { pinFile: 'pin' })
    if (softHsmIsHere) {
      token = new SoftToken()
      await addTokenKeys(house, token, { 'ec-p256': ['EC:prime256v1', '01'], 'rsa-2048': ['rsa:2048', '02'] })
    }
    house.configure()
    running = await start()
  })
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })
  after(async () => {
    if (running !== undefined) await end(running, 'SIGTERM')
    token?.remove()
    house.remove()
  })

  async function start(before: readonly string[] = []): Promise<ChildProcess> {
    const line = [...before, process.execPath, command, 'signer', '--config', house.configurationFile, '--lang', 'en']
    const child = spawn(line[0] ?? '', line.slice(1), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, KHATM_LOG: 'silent' },
    })
    for await (const line of createInterface({ input: child.stderr })) if (line.includes('answers at')) break
    assert.equal(child.exitCode, null)
    return child
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    return child.exitCode
  }

  function host(client: string, pinFile: string | null = null): CscKeyProvider {
    const provider = new CscKeyProvider([house.service(url, client, '2', pinFile)])
    open.push(provider)
    return provider
  }

  interface Done {
    readonly digest: Buffer
  }

  async function opened(provider: CscKeyProvider, credentialId: string) {
    const found = await provider.findKey({ service: 'signer', credentialId })
    return async (): Promise<Done> => {
      const digest = randomBytes(32)
      const scheme = found.algorithm.startsWith('rsa-') ? 'rsa-pkcs1' : 'ecdsa'
      const request = { scheme, digestAlgorithm: 'sha256', digest } as const
      const reference = { keyId: credentialId, companyId: 'c', algorithm: found.algorithm, stored: found.stored }
      const signature = await provider.signDigest(reference, request)
      assert.equal(verifyDigestSignature({ publicKeySpki: found.publicKey, ...request, signature }), true)
      return { digest }
    }
  }

  it('two hosts share one token through it, side by side', async function () {
    if (token === undefined) return this.skip()
    for (const credential of ['ec-p256', 'rsa-2048']) {
      const signs = await Promise.all([opened(host('host-a'), credential), opened(host('host-b'), credential)])
      await Promise.all(Array.from({ length: 60 }, (_, index) => signs[index % 2]?.() ?? assert.fail()))
    }
    const log = readFileSync(logFile(house.stateFolder), 'utf8')
    for (const client of ['host-a', 'host-b']) assert.ok(log.includes(`"event":"signing","client":"${client}","credential":"rsa-2048"`))
  })

  it('killed while it signs: coded faults, every signature given is in the log, and the next process goes on', async () => {
    assert.ok(running !== undefined)
    const provider = host('host-a')
    const sign = await opened(provider, 'seal')
    let given = 0
    const child = running
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, async (_, index) => {
        if (index >= 40) await wait(index / 4)
        const done = await sign()
        if (++given === 60) child.kill('SIGKILL')
        return done
      }),
    )
    const digests: Buffer[] = []
    for (const one of outcomes) {
      if (one.status === 'fulfilled') digests.push(one.value.digest)
      else fault('SIGN-CSC-UNREACHABLE')(one.reason)
    }
    assert.ok(digests.length >= 60 && digests.length < 300, String(digests.length))
    const log = readFileSync(logFile(house.stateFolder), 'utf8')
    for (const digest of digests) assert.ok(log.includes(digest.toString('hex')))
    running = await start()
    await sign()
    assert.equal((await verifyUseLog(house.stateFolder)).intact, true)
  })

  it('a report of loss from another process holds at once; the log shows it and verifies', async () => {
    const sign = await opened(host('host-b'), 'seal')
    await sign()
    const stop = spawnSync(
      process.execPath,
      [command, 'signer', 'stop', 'seal', '--reason', 'stolen', '--config', house.configurationFile, '--json'],
      {
        encoding: 'utf8',
      },
    )
    assert.deepEqual(JSON.parse(stop.stdout), { credential: 'seal', stopped: true, first: true })
    await assert.rejects(sign(), (error) => error instanceof Fault && /^SIGN-CSC-(?:REFUSED|CREDENTIAL-DISABLED)$/.test(error.code))
    await assert.rejects(sign(), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
    const check = (): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, [command, 'signer', 'verify-log', '--config', house.configurationFile], { encoding: 'utf8' })
    assert.equal(check().status, 0)
    const file = logFile(house.stateFolder)
    const whole = readFileSync(file)
    writeFileSync(file, whole.toString().replace('"reason":"stolen"', '"reason":"nothing"'))
    assert.equal(check().status, 1)
    writeFileSync(file, whole)
  })

  it('leaves no text of the PIN in the heap of the host, and none in the log or the arguments of the signer', async () => {
    const pinFile = join(house.folder, 'pin')
    const sign = await opened(host('host-a', pinFile), 'with-pin')
    for (let index = 0; index < 3; index++) await sign()
    const pin = readFileSync(pinFile)
    assert.equal(readFileSync(logFile(house.stateFolder)).includes(pin), false)
    assert.equal(readFileSync(`/proc/${running?.pid ?? 0}/cmdline`).includes(pin), false)
    let tail = Buffer.alloc(0)
    let seen = 0
    for await (const chunk of Readable.from(getHeapSnapshot())) {
      const bytes = Buffer.concat([tail, Buffer.from(chunk as Uint8Array)]) // a heap snapshot is a stream of bytes
      assert.equal(bytes.includes(pin), false)
      tail = bytes.subarray(-pin.length)
      seen += bytes.length
    }
    assert.ok(seen > 1_000_000)
  })

  it('signs nothing that it cannot write down: a full disk, then a restart', async () => {
    assert.ok(running !== undefined)
    await end(running, 'SIGTERM')
    const size = readFileSync(logFile(house.stateFolder)).length
    // The shell limits the size of files to the next whole kilobyte: the log runs full after an entry or two.
    running = await start(['bash', '-c', `ulimit -f ${Math.ceil(size / 1024) + 1}; exec "$@"`, 'bash'])
    const sign = await opened(host('host-b', join(house.folder, 'pin')), 'with-pin')
    const given: Done[] = []
    const refused: unknown[] = []
    for (let index = 0; index < 12; index++)
      await sign().then(
        (done) => given.push(done),
        (error: unknown) => refused.push(error),
      )
    assert.ok(refused.length > 0)
    for (const error of refused) fault('SIGN-CSC-UNREACHABLE')(error)
    await end(running, 'SIGTERM')
    running = await start()
    await sign()
    assert.equal((await verifyUseLog(house.stateFolder)).intact, true)
    const log = readFileSync(logFile(house.stateFolder), 'utf8')
    for (const { digest } of given) assert.ok(log.includes(digest.toString('hex')))
  })

  it('ends on SIGTERM after what is under way', async () => {
    assert.ok(running !== undefined)
    const sign = await opened(host('host-a', join(house.folder, 'pin')), token === undefined ? 'with-pin' : 'rsa-2048')
    const child = running
    running = undefined
    const under = Array.from({ length: 20 }, () => sign())
    await under[0]
    assert.equal(await end(child, 'SIGTERM'), 0)
    for (const one of await Promise.allSettled(under)) if (one.status === 'rejected') fault('SIGN-CSC-UNREACHABLE')(one.reason)
    const log = await verifyUseLog(house.stateFolder)
    assert.equal(log.intact, true)
    assert.match(readFileSync(logFile(house.stateFolder), 'utf8').trimEnd().split('\n').at(-1) ?? '', /"event":"ended"/)
  })
})
