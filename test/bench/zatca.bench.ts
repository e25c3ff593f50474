import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import secp256k1 from 'secp256k1'
import type { Signer } from '../../core/signing/signing-service.js'
import { ecdsaFromRaw, verifyDigestSignature } from '../../core/validation/ecdsa.js'
import {
  qrFactsOf,
  stampInvoices,
  verifyZatca,
  writeInvoice,
  firstPreviousHash,
  invoiceHash,
} from '../../modules/compliance-saudi/index.js'
import { invoice, line, stampKeyOf } from '../../modules/compliance-saudi/test/fixtures.js'
import type { BenchFigures } from './figure.js'

const peerFolder = fileURLToPath(new URL('peers/zatca-xml-js/', import.meta.url))
const peerName = 'zatca-xml-js 0.1.9'
const seconds = 4

/** What the peer offers; its own types are not part of this project. */
interface Peer {
  readonly ZATCASimplifiedTaxInvoice: new (options: { props: object }) => {
    sign(certificate: string, privateKey: string): { signed_invoice_string: string; invoice_hash: string; qr: string }
  }
}

/** Installs the peer from its own lock file, once; undefined when that is not possible here. */
function loadPeer(): Peer | undefined {
  if (!existsSync(`${peerFolder}node_modules`)) spawnSync('npm', ['ci', '--prefix', peerFolder], { stdio: 'ignore' })
  if (!existsSync(`${peerFolder}node_modules`)) return undefined
  // A CommonJS package without an entry in our own dependencies: required by path, its shape stated above.
  return createRequire(`${peerFolder}package.json`)('zatca-xml-js') as Peer
}

/** Runs `work` for some seconds after a warm-up. @returns times a second */
async function rate(work: (index: number) => unknown): Promise<number> {
  for (let index = 0; index < 30; index += 1) await work(index)
  const started = performance.now()
  let done = 0
  while (performance.now() - started < seconds * 1000) await work(done++)
  return (done * 1000) / (performance.now() - started)
}

/**
 * Build, hash, sign and QR code of one simplified invoice with 1 and 10 lines, one process, beside the npm peer in the same run.
 * Ours includes what the signing service does: every signature is verified before it is used.
 */
export async function run(): Promise<BenchFigures> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const key = stampKeyOf(pair)
  const secret = Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
  const signer: Signer = {
    ...key.signer,
    signDigest(digest) {
      const signature = ecdsaFromRaw(secp256k1.ecdsaSign(digest, secret).signature)
      if (!verifyDigestSignature({ publicKeySpki: spki, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest, signature })) {
        throw new Error('a signature did not verify')
      }
      return Promise.resolve(signature)
    },
  }
  const peer = loadPeer()
  const certificate = `-----BEGIN CERTIFICATE-----\n${key.certificate.toString('base64')}\n-----END CERTIFICATE-----`
  const privateKey = pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString()
  const figures: BenchFigures = {}
  for (const lines of [1, 10]) {
    const document = invoice({ simplified: true, customer: null, lines: Array.from({ length: lines }, (_, index) => line(index + 1)) })
    let previousHash: string = firstPreviousHash
    let last: Buffer = Buffer.alloc(0)
    const ours = await rate(async (index) => {
      const payload = writeInvoice({ ...document, number: `INV/2026/${index}` }, { uuid: randomUUID(), counter: index + 1, previousHash })
      const [stamped] = await stampInvoices([{ payload, facts: qrFactsOf(document), simplified: true }], signer, new Date())
      if (stamped === undefined) throw new Error('nothing was stamped')
      previousHash = stamped.hash
      last = stamped.bytes
    })
    const verdict = verifyZatca(last, { trust: [key.issuer] })
    if (verdict.verdict !== 'passed') throw new Error(`the bench made a bad stamp: ${JSON.stringify(verdict)}`)
    const theirs = peer === undefined ? undefined : await rate((index) => signWithPeer(peer, lines, index, certificate, privateKey))
    const value = Math.round(ours)
    const limit = lines === 1 ? 2500 : 1000
    figures[`zatca.stamp.${lines}-line${lines === 1 ? '' : 's'}`] = {
      value,
      unit: 'invoices/s',
      ...(theirs === undefined ? {} : { peer: peerName, peerValue: Math.round(theirs), ratio: Math.round((ours / theirs) * 10) / 10 }),
      limit,
      ofLimit: Math.round((ours / limit) * 100) / 100,
    }
  }
  const document = invoice({ simplified: true, customer: null })
  const build = await rate((index) =>
    invoiceHash(writeInvoice(document, { uuid: document.id, counter: index, previousHash: firstPreviousHash })),
  )
  figures['zatca.build-and-hash.1-line'] = {
    value: Math.round(build),
    unit: 'invoices/s',
    limit: 10_000,
    ofLimit: Math.round(build / 100) / 100,
  }
  return figures
}

function signWithPeer(peer: Peer, lines: number, index: number, certificate: string, privateKey: string): unknown {
  const made = new peer.ZATCASimplifiedTaxInvoice({
    props: {
      egs_info: {
        uuid: '6f4d20e0-6bfe-4a80-9389-7dabe6620f12',
        custom_id: 'EGS1-886431145',
        model: 'IOS',
        CRN_number: '1010010000',
        VAT_name: 'شركة توريد للتجارة',
        VAT_number: '300000000000003',
        location: {
          city: 'الرياض',
          city_subdivision: 'العليا',
          street: 'طريق الملك فهد',
          plot_identification: '0000',
          building: '2322',
          postal_zone: '12211',
        },
        branch_name: 'Main',
        branch_industry: 'Trade',
      },
      invoice_counter_number: index + 1,
      invoice_serial_number: `INV/2026/${index}`,
      issue_date: '2026-11-20',
      issue_time: '10:30:00',
      previous_invoice_hash: firstPreviousHash,
      line_items: Array.from({ length: lines }, (_, position) => ({
        id: String(position + 1),
        name: 'قلم حبر | Ink pen',
        quantity: 2,
        tax_exclusive_price: 100,
        VAT_percent: 0.15,
      })),
    },
  })
  return made.sign(certificate, privateKey)
}
