import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { Fault } from '../../core/i18n/fault.js'
import { sequence } from '../../core/signing/der.js'
import { signCades } from '../../core/signing/formats/cades/sign-cades.js'
import { evidenceFrom } from '../../core/signing/revocation/collect-evidence.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import {
  addressExtensions,
  crlOf,
  ocspOf,
  responderOf,
  stampAuthority,
  stampClient,
  tokenOf,
} from '../../core/signing/test/test-revocation.js'
import { createTimeStampClient } from '../../core/signing/tsp/time-stamp-client.js'
import { readCertificate } from '../../core/validation/certificate/certificate.js'
import { checkTimeStamp } from '../../core/validation/cms/time-stamp-token.js'
import { readSignedData } from '../../core/validation/cms/signed-data.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { DerElement } from '../../core/validation/der-reader.js'
import { timeSpent } from '../helpers/time-spent.js'

/** KHATM_FULL=1 runs the figure of the quality goals, else a sample of it. */
const mutants = process.env.KHATM_FULL === '1' ? 10_000 : 120
const longest = 2_000
/** What the mutants may add to the memory of a process that runs other tests too. */
const mostMemory = 300 * 1024 * 1024

/** A small generator with a seed, so that a mutant that fails can be made again. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** One to three changes: a bit, a byte, a length octet, a piece cut out, doubled, moved or from elsewhere. */
function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  let mutant = Buffer.from(bytes)
  for (let count = 1 + random(3); count > 0; count--) {
    const at = random(mutant.length)
    const piece = mutant.subarray(at, at + 1 + random(64))
    const other = random(mutant.length)
    switch (random(8)) {
      case 0:
        mutant[at] = (mutant[at] ?? 0) ^ (1 << random(8))
        break
      case 1:
        mutant[at] = random(256)
        break
      case 2:
        mutant[at] = [0x00, 0x7f, 0x80, 0x81, 0x84, 0xff][random(6)] ?? 0
        break
      case 3:
        mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(at + piece.length)])
        break
      case 4:
        mutant = Buffer.concat([mutant.subarray(0, at), piece, mutant.subarray(at)])
        break
      case 5:
        mutant = Buffer.concat([mutant.subarray(0, other), piece, mutant.subarray(other)])
        break
      case 6:
        piece.copy(mutant, other)
        break
      default:
        mutant = mutant.subarray(0, Math.max(1, at))
    }
  }
  return mutant
}

/** Structure-aware: an element of the encoding left out, doubled or changed with another, every length around it made right. */
function rearrange(bytes: Buffer, random: (below: number) => number): Buffer {
  const depth = 1 + random(7)
  const rebuild = (element: DerElement, left: number): Buffer => {
    if (!element.constructed || element.children.length === 0) return element.bytes
    const parts = element.children.map((child) => child.bytes)
    const at = random(parts.length)
    const child = element.children[at]
    if (left > 0 && child !== undefined) parts[at] = rebuild(child, left - 1)
    else if (random(3) === 0) parts.splice(at, 1)
    else if (random(2) === 0) parts.splice(at, 0, parts[at] ?? Buffer.alloc(0))
    else [parts[at], parts[0]] = [parts[0] ?? Buffer.alloc(0), parts[at] ?? Buffer.alloc(0)]
    const made = sequence(...parts)
    made[0] = element.tag
    return made
  }
  return rebuild(DerElement.read(bytes), depth)
}

const anyMutant = (bytes: Buffer, random: (below: number) => number): Buffer =>
  random(3) === 0 ? rearrange(bytes, random) : mutate(bytes, random)

describe(`CMS and time stamps: ${mutants} mutants each`, function () {
  this.timeout(process.env.KHATM_FULL === '1' ? 1_200_000 : 180_000)
  const offered = addressExtensions({ ocsp: 'http://127.0.0.1:9/ocsp', crl: 'http://127.0.0.1:9/crl' })
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const own = issueCertificate({ commonName: 'Signer', issuer: root, extra: offered })
  const authority = stampAuthority(root, { extra: offered })
  const signedAt = new Date()
  const content = Buffer.from('{"total":"115.00","currency":"SAR"}')

  const within = async <T>(work: () => Promise<T> | T, seed: number): Promise<T> => {
    const spent = timeSpent()
    const result = await work()
    const took = spent()
    assert.ok(took < longest, `mutant ${seed}: ${took} ms`)
    return result
  }
  let held = 0
  beforeEach(() => {
    held = process.memoryUsage.rss()
  })
  afterEach(() => {
    const added = process.memoryUsage.rss() - held
    assert.ok(added < mostMemory, `${added} bytes`)
  })

  it('a changed CMS of level LT is refused, or says what the signer signed', async () => {
    const made = await signCades(content, {
      signer: signerOf(own),
      signedAt,
      detached: false,
      level: 'LT',
      timeStamp: stampClient(authority, signedAt),
      evidence: evidenceFrom(
        {
          evidenceFor: (certificate) =>
            Promise.resolve({
              crls: [crlOf(root)],
              ocspResponses: [ocspOf(certificate.holder === 'Time' ? authority : own, root, { responder: responderOf(root) })],
              findings: [],
            }),
          issuersOf: () => Promise.resolve([]),
        },
        [root.der],
      ),
    })
    const verifiers = createVerifiers()
    const original = readSignedData(made.cms)
    let passed = 0
    for (let seed = 1; seed <= mutants; seed++) {
      const mutant = anyMutant(made.cms, generator(seed))
      const verdict = await within(() => verifiers.verify('mutant.p7m', mutant, { trust: [root.der] }), seed)
      assert.notEqual(verdict.findings[0]?.code, 'VERIFY-UNREADABLE', `mutant ${seed} threw: ${JSON.stringify(verdict.findings)}`)
      if (verdict.verdict !== 'passed' || mutant.equals(made.cms)) continue
      passed++
      // What may differ lies outside of the signature: further attributes, certificates, evidence.
      assert.ok(mutant.includes(content) && mutant.includes(original.signers[0]?.signature ?? 'none'), `mutant ${seed}`)
      for (const signature of verdict.signatures) {
        assert.equal(signature.signer?.serial, readCertificate(own.der).serialDecimal, `mutant ${seed}`)
        if (signature.provenAt !== null && signature.provenAt !== undefined) {
          assert.equal(signature.provenAt.slice(0, 19), signedAt.toISOString().slice(0, 19), `mutant ${seed}`)
        }
      }
    }
    assert.ok(passed < mutants / 2, `${passed} passed`)
  })

  it('a changed token is refused, or states the same time over the same data', async () => {
    const digest = createHash('sha256').update(content).digest()
    const token = await tokenOf(authority, digest, signedAt)
    const info = readSignedData(token).content
    assert.ok(info !== undefined)
    for (let seed = 1; seed <= mutants; seed++) {
      const mutant = anyMutant(token, generator(seed))
      const check = await within(() => checkTimeStamp(mutant, () => digest, [readCertificate(root.der)]), seed)
      if (check.intact) assert.ok(mutant.includes(info), `mutant ${seed}`)
    }
  })

  it('a changed answer of a time stamp authority is a coded fault, or the token that was asked for', async () => {
    const digest = createHash('sha256').update(content).digest()
    let random = generator(0)
    let info: Buffer | undefined
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const asked = DerElement.read(Buffer.concat(chunks)).children
        const nonce = asked.find((part, index) => index > 1 && part.is(0x02))?.content ?? Buffer.alloc(1)
        void tokenOf(authority, digest, new Date(), { nonce }).then((token) => {
          info = readSignedData(token).content
          response.end(anyMutant(sequence(sequence(Buffer.from('020100', 'hex')), token), random))
        })
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const url = `http://127.0.0.1:${address.port}`
    const client = createTimeStampClient(url, { allowPrivate: [url], trust: [root.der] })
    try {
      for (let seed = 1; seed <= mutants; seed++) {
        random = generator(seed)
        const stamp = await within(() => client.stamp('sha256', digest).catch((error: unknown) => error), seed)
        if (stamp instanceof Error)
          assert.ok(stamp instanceof Fault && stamp.code.startsWith('SIGN-TSA-'), `mutant ${seed}: ${stamp.stack}`)
        else
          assert.ok(
            typeof stamp === 'object' &&
              stamp !== null &&
              'token' in stamp &&
              Buffer.isBuffer(stamp.token) &&
              stamp.token.includes(info ?? 'none'),
          )
      }
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})
