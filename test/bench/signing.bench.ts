import { fork } from 'node:child_process'
import { createHash, sign } from 'node:crypto'
import { once } from 'node:events'
import type { Signer } from '../../core/signing/signing-service.js'
import { createSignedData } from '../../core/signing/formats/cades/signed-data.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { SoftToken, softHsmIsHere, softHsmLibrary } from '../../core/signing/test/soft-token.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { typstPdf } from '../../core/signing/test/typst-pdf.js'
import { verifyDigestSignature } from '../../core/validation/ecdsa.js'
import { fileOfSize } from '../../core/validation/test/pdf-forgery.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import type { KeyAlgorithm } from '../../core/signing/key.js'
import type { BenchFigures } from './figure.js'

const turns = 10
const signedAt = new Date('2026-11-22T10:30:00Z')
const rounded = (value: number): number => Number(value.toPrecision(4))

interface Contender {
  readonly work: () => unknown
  readonly atOnce?: number
}

/** Runs the contenders in turns of a tenth of a second, so that a busy machine is busy for each of them. @returns times a second */
async function rates(...contenders: readonly Contender[]): Promise<number[]> {
  const done = contenders.map(() => 0)
  const spent = contenders.map(() => 0)
  for (const { work } of contenders) for (let index = 0; index < 5; index++) await work()
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, { work, atOnce = 1 }] of contenders.entries()) {
      const started = performance.now()
      const lane = async (): Promise<void> => {
        while (performance.now() - started < 100) {
          await work()
          done[index] = (done[index] ?? 0) + 1
        }
      }
      await Promise.all(Array.from({ length: atOnce }, lane))
      spent[index] = (spent[index] ?? 0) + performance.now() - started
    }
  }
  return contenders.map((_, index) => ((done[index] ?? 0) * 1000) / (spent[index] ?? 1))
}

/** A page whose file is near 100 kB, as an invoice with embedded fonts is. */
function invoicePdf(): Buffer {
  const rows = Array.from({ length: 150 }, (_, index) => `+ Item ${index} ${createHash('sha256').update(String(index)).digest('hex')}`)
  return typstPdf(`#set document(date: datetime(year: 2026, month: 11, day: 22))\n= Invoice\n${rows.join('\n')}`)
}

/**
 * Signatures a second by provider and by format, beside what node:crypto does alone with the same kind of key in the same
 * run. Ours includes checking every signature before it is handed out; the limit is one signature and nothing else.
 */
export async function run(): Promise<BenchFigures> {
  const figures: BenchFigures = {}
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const content = Buffer.alloc(1024, 7)
  const contentDigest = createHash('sha256').update(content).digest()
  const signers = new Map<KeyAlgorithm, Signer>()
  for (const algorithm of ['ec-p256', 'ec-secp256k1', 'rsa-2048'] as const) {
    const certificate = issueCertificate({ commonName: 'Seal', algorithm, issuer: root })
    const signer = signerOf(certificate)
    signers.set(algorithm, signer)
    const [limit = 0, value = 0, cades = 0] = await rates(
      { work: () => sign('sha256', content, certificate.privateKey) },
      { work: () => signer.signMessage?.(content) },
      { work: () => createSignedData({ signer, contentDigest }) },
    )
    figures[`sign.software.${algorithm}`] = { value: rounded(value), unit: '1/s', limit: rounded(limit), ofLimit: rounded(value / limit) }
    figures[`sign.cades-b.${algorithm}`] = { value: rounded(cades), unit: '1/s', limit: rounded(limit), ofLimit: rounded(cades / limit) }
  }
  if (softHsmIsHere) Object.assign(figures, await tokenFigures())
  const signer = signers.get('rsa-2048')
  if (signer === undefined) throw new RangeError('rsa-2048')
  const pdf = invoicePdf()
  const [pades = 0] = await rates({ work: () => signPdf(pdf, { signer, signedAt }) })
  figures['sign.pades-b'] = { value: rounded(1000 / pades), unit: `ms (${Math.round(pdf.length / 1000)} kB, rsa-2048)` }
  let thrice = pdf
  for (let count = 0; count < 3; count++) thrice = (await signPdf(thrice, { signer, signedAt })).pdf
  const verifiers = createVerifiers()
  const options = { trust: [root.der] }
  const first = await verifiers.verify('three.pdf', thrice, options)
  if (first.verdict !== 'passed' || first.signatures.length !== 3) throw new RangeError('three signatures that pass')
  const [verified = 0] = await rates({ work: () => verifiers.verify('three.pdf', thrice, options) })
  figures['verify.pdf-3-signatures'] = { value: rounded(1000 / verified), unit: 'ms' }
  let large = fileOfSize(1024 * 1024, 20)
  for (let count = 0; count < 3; count++) large = (await signPdf(large, { signer, signedAt })).pdf
  const [verifiedLarge = 0] = await rates({ work: () => verifiers.verify('large.pdf', large, options) })
  figures['verify.pdf-1mb-3-signatures'] = { value: rounded(1000 / verifiedLarge), unit: 'ms' }
  return figures
}

/** The bare library beside ours: a child process that signs when told. */
async function rawToken(
  token: SoftToken,
  keyLabel: string,
): Promise<{ readonly sign: (milliseconds: number) => Promise<Turn>; readonly end: () => void }> {
  const file = new URL('./raw-token.ts', import.meta.url)
  const child = fork(file, [softHsmLibrary, token.label, token.pin, keyLabel], { env: { ...process.env, UV_THREADPOOL_SIZE: '8' } })
  await once(child, 'message')
  return {
    sign: async (milliseconds) => {
      child.send(milliseconds)
      const [turn] = (await once(child, 'message')) as [Turn] // raw-token.ts answers nothing else
      return turn
    },
    end: () => child.kill(),
  }
}

interface Turn {
  readonly done: number
  readonly spent: number
}

/**
 * The same key kinds on a SoftHSM token, eight at a time, as the service does it: in the child process, each signature
 * verified before it is handed out. Beside it the bare library in the same run, in turns.
 */
async function tokenFigures(): Promise<BenchFigures> {
  const token = new SoftToken('bench')
  const provider = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
  const figures: BenchFigures = {}
  try {
    for (const [algorithm, type, identifier] of [
      ['ec-p256', 'EC:prime256v1', '01'],
      ['rsa-2048', 'rsa:2048', '02'],
    ] as const) {
      token.generate(type, identifier, algorithm)
      const found = await provider.findKey({ module: 'soft', tokenLabel: 'bench', keyLabel: algorithm })
      const reference = { keyId: algorithm, companyId: 'bench', algorithm, stored: found.stored }
      const message = Buffer.from('bench')
      const digest = createHash('sha256').update(message).digest()
      const scheme = algorithm === 'rsa-2048' ? 'rsa-pkcs1' : 'ecdsa'
      const signOnce = async (): Promise<void> => {
        const signature = await provider.signDigest(reference, { scheme, digestAlgorithm: 'sha256', digest })
        if (!verifyDigestSignature({ publicKeySpki: found.publicKey, scheme, digestAlgorithm: 'sha256', digest, message, signature })) {
          throw new RangeError('a signature that verifies')
        }
      }
      const ours = async (milliseconds: number): Promise<Turn> => {
        const started = performance.now()
        let done = 0
        const lane = async (): Promise<void> => {
          while (performance.now() - started < milliseconds) {
            await signOnce()
            done++
          }
        }
        // More callers than sessions, as a host has them: the next digest waits in the process when a session gets free.
        await Promise.all(Array.from({ length: 24 }, lane))
        return { done, spent: performance.now() - started }
      }
      const raw = await rawToken(token, algorithm)
      const totals = { ours: { done: 0, spent: 0 }, raw: { done: 0, spent: 0 } }
      const add = (into: { done: number; spent: number }, turn: Turn): void => {
        into.done += turn.done
        into.spent += turn.spent
      }
      for (const contender of [ours, raw.sign]) await contender(200)
      for (let turn = 0; turn < turns; turn++) {
        add(totals.ours, await ours(300))
        add(totals.raw, await raw.sign(300))
      }
      raw.end()
      const value = (totals.ours.done * 1000) / totals.ours.spent
      const peerValue = (totals.raw.done * 1000) / totals.raw.spent
      figures[`sign.softhsm.${algorithm}`] = {
        value: rounded(value),
        unit: '1/s, 8 sessions',
        peer: 'pkcs11js C_SignAsync, 8 sessions',
        peerValue: rounded(peerValue),
        ratio: rounded(value / peerValue),
        // The promise is made for RSA-2048: at most 15 % over the bare library.
        ...(algorithm === 'rsa-2048' ? { limit: 0.85, ofLimit: rounded(value / peerValue / 0.85) } : {}),
      }
    }
    return figures
  } finally {
    await provider.close()
    token.remove()
  }
}
