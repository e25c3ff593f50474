import { fork } from 'node:child_process'
import { createPublicKey, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { egyptProfile } from '../../core/signing/formats/cades/profiles/egypt.js'
import { signCades } from '../../core/signing/formats/cades/sign-cades.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import type { Signer } from '../../core/signing/signing-service.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { certify, issueCertificate } from '../../core/signing/test/test-authority.js'
import { buildEtaDocument, writeEtaDocument } from '../../modules/compliance-egypt/document/build-eta-document.js'
import { canonicalHash, canonicalText, canonicalTextOf, insertSignatures } from '../../modules/compliance-egypt/index.js'
import { egyptFacts, egyptInvoice } from '../../modules/compliance-egypt/test/egypt-invoice.js'
import type { BenchFigure, BenchFigures } from './figure.js'
import { signingHouse } from './signing-house.js'
import { cpuOf } from './token.bench.js'
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
  const buildOne = (): void => {
    // As documents are prepared when they are posted: the finished bytes are read again, checked, and the text is written from what was read.
    const { read } = writeEtaDocument({ ...invoice, number: `INV/2026/${String(++number)}` }, egyptFacts)
    canonicalHash(canonicalTextOf(read))
  }
  // Code gets compiled after so many runs, not after so much time: on a busy machine the warm turns alone are too short.
  for (let run = 0; run < 6000; run++) buildOne()
  const build = callers(1, buildOne)
  const [built] = await inTurns([build], { turns: 6, milliseconds: 300, warm: 2 })
  if (built === undefined) throw new RangeError('one contender')
  const figures: BenchFigures = {
    'egypt.build-serialise-hash': {
      value: rounded(built.perSecond),
      unit: 'documents/s',
      limit: 1000,
      ofLimit: rounded(built.perSecond / 1000),
    },
    'egypt.build-serialise-hash.cpu': { value: rounded(built.cpuMicroseconds), unit: 'µs of CPU a document' },
  }
  const cms = (signer: Signer) => async (): Promise<Buffer> =>
    (await signCades(text, { signer, signedAt: new Date(), detached: true, profile: egyptProfile })).cms
  const whole = (signer: Signer) => async (): Promise<void> => {
    insertSignatures(json, [{ type: 'I', value: await cms(signer)() }])
  }
  const authority = issueCertificate({ commonName: 'Authority', algorithm: 'rsa-2048', ca: true })
  const withCertificate = (signer: Signer, publicKey: Buffer): Signer => {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
    return { ...signer, certificates: [certify({ commonName: 'Bench', issuer: authority }, 'rsa-2048', key, authority.privateKey).der] }
  }
  const token = softHsmIsHere ? new SoftToken('bench') : undefined
  const house = await signingHouse(token === undefined ? [] : [token.configuration()])
  try {
    const made = await house.openSoftware('rsa-2048')
    const software = withCertificate(made, made.publicKey)
    for (let run = 0; run < 1000; run++) await whole(software)()
    // As many callers, the same thread pool, a key of the same size: what is left is the work of the service and of the format.
    const [ours, bare, finished] = await inTurns(
      [callers(8, cms(software)), callers(8, bareSoftware(authority.privateKey)), callers(8, whole(software))],
      { turns: 6, milliseconds: 400, warm: 2 },
    )
    figures['egypt.cms.software.rsa-2048'] = figure(ours, bare, 'node:crypto, bare RSA-2048, as many callers')
    figures['egypt.cms.software.rsa-2048.cpu'] = cpuFigure(ours, bare, 'node:crypto, bare RSA-2048, as many callers')
    figures['egypt.signed-document.software'] = {
      value: rounded(finished?.perSecond ?? 0),
      unit: 'documents/s with their signatures put in',
    }
    if (token === undefined) return figures

    token.generate('rsa:2048', '02', 'rsa-2048')
    const provider = house.service.provider('pkcs11')
    if (!(provider instanceof Pkcs11KeyProvider)) throw new RangeError('the provider of tokens')
    const { publicKey } = await provider.findKey({ module: 'soft', keyLabel: 'rsa-2048' })
    const signer = withCertificate(await house.openToken('soft', 'rsa-2048'), publicKey)
    const raw = await bareToken(token)
    const child = provider.processOf('soft')
    if (child === undefined) throw new RangeError('the process of the token')
    // Compiled after so many runs, as above: the bare library has no code of ours to compile.
    for (let run = 0; run < 100; run++) await Promise.all(Array.from({ length: 24 }, cms(signer)))
    const onTokenToo = callers(24, cms(signer), () => cpuOf(child))
    const [onToken, bareOnToken] = await inTurns([onTokenToo, raw.contender], { turns: 6, milliseconds: 400, warm: 3 })
    raw.end()
    figures['egypt.cms.token.rsa-2048'] = figure(onToken, bareOnToken, 'pkcs11js C_SignAsync, 8 sessions')
    figures['egypt.cms.token.rsa-2048.cpu'] = cpuFigure(onToken, bareOnToken, 'pkcs11js C_SignAsync, 8 sessions')
  } finally {
    await house.end()
    token?.remove()
  }
  return figures
}

/** The key's raw rate: OpenSSL in the thread pool over bytes as long as signed attributes. */
function bareSoftware(key: KeyObject): () => Promise<Buffer> {
  const attributes = Buffer.alloc(200, 7)
  return () =>
    new Promise((resolve, reject) => {
      sign('sha256', attributes, key, (error, signature) => {
        if (error === null) resolve(signature)
        else reject(error)
      })
    })
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

/** The same promise by the CPU of all processes, which tells the machine's other work apart from ours. */
function cpuFigure(ours: Speed | undefined, bare: Speed | undefined, peer: string): BenchFigure {
  if (ours === undefined || bare === undefined) throw new RangeError('two contenders')
  const ratio = bare.cpuMicroseconds / ours.cpuMicroseconds
  return {
    value: rounded(ours.cpuMicroseconds),
    unit: 'µs of CPU a CMS',
    peer,
    peerValue: rounded(bare.cpuMicroseconds),
    ratio: rounded(ratio),
    limit: rounded(bare.cpuMicroseconds / promised),
    ofLimit: rounded(ratio / promised),
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
