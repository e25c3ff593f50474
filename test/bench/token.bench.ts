import { fork } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import type { BenchFigures } from './figure.js'
import { signingHouse } from './signing-house.js'
import { callers, inTurns, type Contender, type Turn } from './turns.js'

const rounded = (value: number): number => Number(value.toPrecision(4))
/** A host that seals invoices has more callers than the token has sessions: the next digest waits when a session gets free. */
const busy = 24
const sessions = 8

/**
 * Signatures through the signing service itself (`open(...).signDigest`: state of the key, provider, check of every signature),
 * beside the bare library with the same key in the same run: pkcs11js with as many sessions of C_SignAsync as the service
 * has, each with one signature under way, and node:crypto for software keys. Of a token the promise counts the CPU of all
 * processes for a signature, since rates depend on what else the machine does.
 */
export async function run(): Promise<BenchFigures> {
  const token = softHsmIsHere ? new SoftToken('bench') : undefined
  const house = await signingHouse(token === undefined ? [] : [token.configuration()])
  const figures: BenchFigures = {}
  try {
    const digest = createHash('sha256').update('bench').digest()
    const message = Buffer.from('bench')
    for (const algorithm of ['ec-p256', 'ec-secp256k1', 'rsa-2048'] as const) {
      const signer = await house.openSoftware(algorithm)
      const { privateKey } =
        algorithm === 'rsa-2048'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('ec', { namedCurve: algorithm === 'ec-p256' ? 'prime256v1' : 'secp256k1' })
      const [ours, bare] = await inTurns(
        [callers(busy, () => signer.signMessage?.(message)), callers(1, () => sign('sha256', message, privateKey))],
        { turns: 6, milliseconds: 100, warm: 2 },
      )
      if (ours === undefined || bare === undefined) throw new RangeError('two contenders')
      figures[`service.software.${algorithm}`] = {
        value: rounded(ours.perSecond),
        unit: '1/s',
        peer: 'node:crypto, one signature and no check',
        peerValue: rounded(bare.perSecond),
        ratio: rounded(ours.perSecond / bare.perSecond),
      }
    }
    if (token === undefined) return figures
    for (const [algorithm, type, identifier] of [
      ['ec-p256', 'EC:prime256v1', '01'],
      ['rsa-2048', 'rsa:2048', '02'],
    ] as const) {
      token.generate(type, identifier, algorithm)
      const signer = await house.openToken('soft', algorithm)
      const provider = house.service.provider('pkcs11')
      const child = provider instanceof Pkcs11KeyProvider ? provider.processOf('soft') : undefined
      if (child === undefined) throw new RangeError('the process of the token')
      const cpu = (): number => cpuOf(child)
      const raw = await bareToken(token, algorithm)
      const [many, few, bare] = await inTurns(
        [callers(busy, () => signer.signDigest(digest), cpu), callers(sessions, () => signer.signDigest(digest), cpu), raw.contender],
        { turns: 8, milliseconds: 400, warm: 4 },
      )
      raw.end()
      if (many === undefined || few === undefined || bare === undefined) throw new RangeError('three contenders')
      const peer = 'pkcs11js C_SignAsync, 8 sessions'
      for (const [name, speed] of [
        [`${busy}-callers`, many],
        [`${sessions}-callers`, few],
      ] as const) {
        figures[`service.pkcs11.${algorithm}.${name}`] = {
          value: rounded(speed.perSecond),
          unit: '1/s, 8 sessions of SoftHSM2',
          peer,
          peerValue: rounded(bare.perSecond),
          ratio: rounded(speed.perSecond / bare.perSecond),
        }
      }
      const overhead = many.cpuMicroseconds / bare.cpuMicroseconds
      figures[`service.pkcs11.${algorithm}.cpu`] = {
        value: rounded(many.cpuMicroseconds),
        unit: `µs of CPU a signature, ${busy} callers`,
        peer,
        peerValue: rounded(bare.cpuMicroseconds),
        ratio: rounded(overhead),
        // The promise is made for RSA-2048: at most 15 % over the bare library.
        ...(algorithm === 'rsa-2048' ? { limit: rounded(bare.cpuMicroseconds * 1.15), ofLimit: rounded(overhead / 1.15) } : {}),
      }
    }
    return figures
  } finally {
    await house.end()
    token?.remove()
  }
}

/** The bare library: a child process that signs when told (raw-token.ts). */
async function bareToken(token: SoftToken, keyLabel: string): Promise<{ readonly contender: Contender; readonly end: () => void }> {
  const file = new URL('./raw-token.ts', import.meta.url)
  const child = fork(file, [softHsmLibrary, token.label, token.pin, keyLabel], {
    env: { ...process.env, UV_THREADPOOL_SIZE: String(sessions) },
  })
  await once(child, 'message')
  return {
    contender: async (milliseconds) => {
      child.send(milliseconds)
      const [turn] = (await once(child, 'message')) as [Turn] // raw-token.ts answers nothing else
      return turn
    },
    end: () => child.kill(),
  }
}

/** CPU a process spent so far, in microseconds, as the kernel counts it (proc(5), fields 14 and 15, hundredths of a second). */
export function cpuOf(pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
