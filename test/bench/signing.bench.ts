import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { Signer } from '../../core/signing/signing-service.js'
import { createSignedData } from '../../core/signing/formats/cades/signed-data.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { SoftToken, softHsmIsHere } from '../../core/signing/test/soft-token.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { typstPdf } from '../../core/signing/test/typst-pdf.js'
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
  return figures
}

/** The same key kinds on a SoftHSM token, in its child process, eight at a time. */
async function tokenFigures(): Promise<BenchFigures> {
  const token = new SoftToken('bench')
  const provider = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
  const figures: BenchFigures = {}
  try {
    for (const [algorithm, type, identifier, pair] of [
      ['ec-p256', 'EC:prime256v1', '01', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
      ['rsa-2048', 'rsa:2048', '02', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ] as const) {
      token.generate(type, identifier, algorithm)
      const found = await provider.findKey({ module: 'soft', tokenLabel: 'bench', keyLabel: algorithm })
      const reference = { keyId: algorithm, companyId: 'bench', algorithm, stored: found.stored }
      const digest = createHash('sha256').update('bench').digest()
      const scheme = algorithm === 'rsa-2048' ? 'rsa-pkcs1' : 'ecdsa'
      const [limit = 0, value = 0] = await rates(
        { work: () => sign('sha256', digest, pair.privateKey) },
        { work: () => provider.signDigest(reference, { scheme, digestAlgorithm: 'sha256', digest }), atOnce: 8 },
      )
      figures[`sign.softhsm.${algorithm}`] = { value: rounded(value), unit: '1/s', limit: rounded(limit), ofLimit: rounded(value / limit) }
    }
    return figures
  } finally {
    await provider.close()
    token.remove()
  }
}
