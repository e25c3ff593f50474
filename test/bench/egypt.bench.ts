import { fork } from 'node:child_process'
import { createPublicKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { egyptProfile } from '../../core/signing/formats/cades/profiles/egypt.js'
import { signCades } from '../../core/signing/formats/cades/sign-cades.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import type { Signer } from '../../core/signing/signing-service.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { certify, issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { buildEtaDocument } from '../../modules/compliance-egypt/document/build-eta-document.js'
import { canonicalHash, canonicalText, insertSignatures } from '../../modules/compliance-egypt/index.js'
import { egyptFacts, egyptInvoice } from '../../modules/compliance-egypt/test/egypt-invoice.js'
import type { BenchFigure, BenchFigures } from './figure.js'
import { signingHouse } from './signing-house.js'
import { callers, inTurns, type Contender, type Speed, type Turn } from './turns.js'

const rounded = (value: number): number => Number(value.toPrecision(4))
const promised = 0.85

/**
 * Egyptian documents of two lines: built, serialised and hashed on one core; then finished, self-checked CMS beside the same key's bare rate in the same run.
 */
export async function run(): Promise<BenchFigures> {
  const invoice = egyptInvoice()
  const json = buildEtaDocument(invoice, egyptFacts)
  const text = canonicalText(json)
  let number = 0
  const build = callers(1, () => {
    const made = buildEtaDocument({ ...invoice, number: `INV/2026/${String(++number)}` }, egyptFacts)
    canonicalHash(canonicalText(made))
  })
  const [built] = await inTurns([build], { turns: 6, milliseconds: 300, warm: 2 })
  if (built === undefined) throw new RangeError('one contender')
  const figures: BenchFigures = {
    'egypt.build-serialise-hash': {
      value: rounded(built.perSecond),
      unit: 'documents/s',
      limit: 1000,
      ofLimit: rounded(built.perSecond / 1000),
    },
  }
  const cms = (signer: Signer) => async (): Promise<Buffer> =>
    (await signCades(text, { signer, signedAt: new Date(), detached: true, profile: egyptProfile })).cms
  const whole = (signer: Signer) => async (): Promise<void> => {
    insertSignatures(json, [{ type: 'I', value: await cms(signer)() }])
  }
  const certificate = issueCertificate({ commonName: 'Software', algorithm: 'rsa-2048' })
  const bareSoftware = callers(1, () => sign('sha256', text, certificate.privateKey))
  const software = signerOf(certificate)
  const [ours, bare, finished] = await inTurns([callers(8, cms(software)), bareSoftware, callers(8, whole(software))], {
    turns: 6,
    milliseconds: 400,
    warm: 2,
  })
  figures['egypt.cms.software.rsa-2048'] = figure(ours, bare, 'node:crypto, bare RSA-2048')
  figures['egypt.signed-document.software'] = { value: rounded(finished?.perSecond ?? 0), unit: 'documents/s with their signatures put in' }
  if (!softHsmIsHere) return figures

  const token = new SoftToken('bench')
  const house = await signingHouse([token.configuration()])
  try {
    token.generate('rsa:2048', '02', 'rsa-2048')
    const provider = house.service.provider('pkcs11')
    if (!(provider instanceof Pkcs11KeyProvider)) throw new RangeError('the provider of tokens')
    const { publicKey } = await provider.findKey({ module: 'soft', keyLabel: 'rsa-2048' })
    const leaf = certify(
      { commonName: 'Token', issuer: certificate },
      'rsa-2048',
      createPublicKey({ key: publicKey, format: 'der', type: 'spki' }),
      certificate.privateKey,
    )
    const signer = { ...(await house.openToken('soft', 'rsa-2048')), certificates: [leaf.der] }
    const raw = await bareToken(token)
    const [onToken, bareOnToken] = await inTurns([callers(24, cms(signer)), raw.contender], { turns: 6, milliseconds: 400, warm: 3 })
    raw.end()
    figures['egypt.cms.token.rsa-2048'] = figure(onToken, bareOnToken, 'pkcs11js C_SignAsync, 8 sessions')
  } finally {
    await house.end()
    token.remove()
  }
  return figures
}

function figure(ours: Speed | undefined, bare: Speed | undefined, peer: string): BenchFigure {
  if (ours === undefined || bare === undefined) throw new RangeError('two contenders')
  const limit = bare.perSecond * promised
  return {
    value: rounded(ours.perSecond),
    unit: 'CMS/s',
    peer,
    peerValue: rounded(bare.perSecond),
    ratio: rounded(ours.perSecond / bare.perSecond),
    limit: rounded(limit),
    ofLimit: rounded(ours.perSecond / limit),
  }
}

/** The bare library: a child process that signs when told (raw-token.ts). */
async function bareToken(token: SoftToken): Promise<{ readonly contender: Contender; readonly end: () => void }> {
  const child = fork(new URL('./raw-token.ts', import.meta.url), [softHsmLibrary, token.label, token.pin, 'rsa-2048'], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '8' },
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
