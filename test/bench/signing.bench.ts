import { createHash, sign } from 'node:crypto'
import type { Signer } from '../../core/signing/signing-service.js'
import { createSignedData } from '../../core/signing/formats/cades/signed-data.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { typstPdf } from '../../core/signing/test/typst-pdf.js'
import { fileOfSize } from '../../core/validation/test/pdf-forgery.js'
import { signXades } from '../../core/signing/formats/xades/sign-xades.js'
import { ublInvoice } from '../../core/signing/test/xades-fixtures.js'
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
 * Documents signed a second by format with a software key, level B, beside what node:crypto does alone with the same kind of
 * key in the same run: ours includes checking every signature before it is handed out. By provider: token.bench.ts, csc.bench.ts.
 * And how long verifying a file with three signatures takes.
 */
export async function run(): Promise<BenchFigures> {
  const figures: BenchFigures = {}
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const content = Buffer.alloc(1024, 7)
  const pdf = invoicePdf()
  const invoice = ublInvoice()
  const contentDigest = createHash('sha256').update(content).digest()
  const signers = new Map<KeyAlgorithm, Signer>()
  for (const algorithm of ['ec-p256', 'ec-secp256k1', 'rsa-2048'] as const) {
    const certificate = issueCertificate({ commonName: 'Seal', algorithm, issuer: root })
    const signer = signerOf(certificate)
    signers.set(algorithm, signer)
    const [key = 0, cades = 0, xades = 0, pades = 0] = await rates(
      { work: () => sign('sha256', content, certificate.privateKey) },
      { work: () => createSignedData({ signer, contentDigest }) },
      { work: () => signXades(invoice, { signer, signedAt, placement: { kind: 'ubl' } }) },
      { work: () => signPdf(pdf, { signer, signedAt }) },
    )
    for (const [format, value] of [
      ['cades-b', cades],
      ['xades-b', xades],
      ['pades-b', pades],
    ] as const) {
      const peer = 'node:crypto, the signature alone'
      figures[`sign.${format}.${algorithm}`] = {
        value: rounded(value),
        unit: '1/s',
        peer,
        peerValue: rounded(key),
        ratio: rounded(value / key),
      }
    }
  }
  const signer = signers.get('rsa-2048')
  if (signer === undefined) throw new RangeError('rsa-2048')
  let thrice = pdf
  for (let count = 0; count < 3; count++) thrice = (await signPdf(thrice, { signer, signedAt })).pdf
  const verifiers = createVerifiers()
  const options = { trust: [root.der] }
  const first = await verifiers.verify('three.pdf', thrice, options)
  if (first.verdict !== 'passed' || first.signatures.length !== 3) throw new RangeError('three signatures that pass')
  const [verified = 0] = await rates({ work: () => verifiers.verify('three.pdf', thrice, options) })
  figures['verify.pdf-3-signatures'] = { value: rounded(1000 / verified), unit: 'ms' }
  for (const objects of [20, 5000]) {
    let large = fileOfSize(1024 * 1024, objects)
    for (let count = 0; count < 3; count++) large = (await signPdf(large, { signer, signedAt })).pdf
    const [verifiedLarge = 0] = await rates({ work: () => verifiers.verify('large.pdf', large, options) })
    const value = 1000 / verifiedLarge
    figures[`verify.pdf-1mb-${objects}-objects-3-signatures`] = {
      value: rounded(value),
      unit: 'ms',
      limit: 60,
      ofLimit: rounded(value / 60),
    }
  }
  return figures
}
