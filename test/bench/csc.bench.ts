import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { KeyAlgorithm, KeyProvider } from '../../core/signing/key.js'
import { CscKeyProvider } from '../../core/signing/keys/csc/csc-provider.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { SignerHouse } from '../../core/signing/signer-process/test/signer-house.js'
import { softHsmIsHere, SoftToken } from '../../core/signing/test/soft-token.js'
import { addTokenKeys } from '../contract/csc-providers.js'
import type { BenchFigures } from './figure.js'

const command = join(import.meta.dirname, '../../bin/khatm.mjs')
const rounded = (value: number): number => Number(value.toPrecision(4))
const turns = 6

interface Contender {
  readonly sign: () => Promise<unknown>
  /** Signatures under way at once. */
  readonly atOnce: number
}

/** Signatures a second, the contenders in turns of a quarter of a second, so that a busy machine is busy for each of them. */
async function rates(...contenders: readonly Contender[]): Promise<number[]> {
  const done = contenders.map(() => 0)
  const spent = contenders.map(() => 0)
  for (const { sign, atOnce } of contenders) await Promise.all(Array.from({ length: atOnce }, sign))
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, { sign, atOnce }] of contenders.entries()) {
      const started = performance.now()
      const lane = async (): Promise<void> => {
        while (performance.now() - started < 250) {
          await sign()
          done[index] = (done[index] ?? 0) + 1
        }
      }
      await Promise.all(Array.from({ length: atOnce }, lane))
      spent[index] = (spent[index] ?? 0) + performance.now() - started
    }
  }
  return contenders.map((_, index) => ((done[index] ?? 0) * 1000) / (spent[index] ?? 1))
}

/**
 * Signatures a second through `khatm signer` (own process, mutual TLS, use log on disk) beside the same SoftHSM keys used
 * directly by the host: one host, and two hosts that share the signer.
 */
export async function run(): Promise<BenchFigures> {
  const figures: BenchFigures = {}
  if (!softHsmIsHere) return figures
  const house = new SignerHouse()
  const token = new SoftToken('bench')
  for (const name of ['host-a', 'host-b']) house.addClient(name)
  await addTokenKeys(house, token, { 'ec-p256': ['EC:prime256v1', '01'], 'rsa-2048': ['rsa:2048', '02'] })
  const child = spawn(process.execPath, [command, 'signer', '--config', house.configure(), '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, KHATM_LOG: 'silent' },
  })
  let url = ''
  for await (const line of createInterface({ input: child.stdout })) {
    url = /"url": "([^"]+)"/.exec(line)?.[1] ?? url
    if (line === '}') break
  }
  const direct = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
  const hosts = ['host-a', 'host-b'].map((name) => new CscKeyProvider([house.service(url, name)]))
  try {
    for (const algorithm of ['ec-p256', 'rsa-2048'] as const) {
      const near = await direct.findKey({ module: 'soft', tokenLabel: 'bench', keyLabel: algorithm })
      const [a, b] = hosts
      if (a === undefined || b === undefined) throw new RangeError('two hosts')
      const far = await a.findKey({ service: 'signer', credentialId: algorithm })
      const byToken = signerOf(direct, algorithm, near.stored)
      const [byA, byB] = [signerOf(a, algorithm, far.stored), signerOf(b, algorithm, far.stored)]
      let turn = 0
      const [limit = 0, one = 0, single = 0, two = 0] = await rates(
        { sign: byToken, atOnce: 8 },
        { sign: byA, atOnce: 32 },
        { sign: byA, atOnce: 1 },
        { sign: () => (turn++ % 2 === 0 ? byA() : byB()), atOnce: 64 },
      )
      const beside = { unit: '1/s', peer: 'same token without the signer', peerValue: rounded(limit) }
      figures[`csc.signer.${algorithm}`] = { value: rounded(one), ...beside, ratio: rounded(one / limit) }
      figures[`csc.signer.${algorithm}.two-hosts`] = { value: rounded(two), ...beside, ratio: rounded(two / limit) }
      figures[`csc.signer.${algorithm}.one-at-a-time`] = { value: rounded(1000 / single), unit: 'ms' }
    }
    return figures
  } finally {
    for (const one of [...hosts, direct]) await one.close()
    child.kill('SIGTERM')
    await once(child, 'exit')
    token.remove()
    house.remove()
  }
}

function signerOf(provider: KeyProvider, algorithm: KeyAlgorithm, stored: Readonly<Record<string, string>>): () => Promise<Buffer> {
  const reference = { keyId: algorithm, companyId: 'bench', algorithm, stored }
  const digest = createHash('sha256').update('bench').digest()
  const scheme = algorithm === 'rsa-2048' ? 'rsa-pkcs1' : 'ecdsa'
  return () => provider.signDigest(reference, { scheme, digestAlgorithm: 'sha256', digest })
}
