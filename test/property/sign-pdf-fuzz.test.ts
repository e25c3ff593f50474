import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../core/i18n/fault.js'
import { addSignatureFields } from '../../core/signing/formats/pades/add-signature-fields.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { pageSource, stampSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { timeSpent } from '../helpers/time-spent.js'

const mutants = process.env.KHATM_FULL === '1' ? 10_000 : 400
const slowest = 2_000

/** A generator of its own, so that a failing mutant can be made again from its number. */
function randomOf(seed: number): () => number {
  let state = seed * 2654435761 + 1
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0
    return state / 2 ** 32
  }
}

function mutate(pdf: Buffer, seed: number): Buffer {
  const random = randomOf(seed)
  const at = (): number => Math.floor(random() * pdf.length)
  const changed = Buffer.from(pdf)
  switch (seed % 4) {
    case 0:
      for (let count = 1 + Math.floor(random() * 8); count > 0; count--) changed[at()] = Math.floor(random() * 256)
      return changed
    case 1:
      return changed.subarray(0, at())
    case 2: {
      const [from, to] = [at(), at()].sort((left, right) => left - right)
      return Buffer.concat([changed.subarray(0, from), changed.subarray(to)])
    }
    default: {
      // Numbers are what structure hangs on: offsets, lengths, references.
      const text = changed.toString('latin1')
      const digits = [...text.matchAll(/\d+/g)]
      const one = digits[Math.floor(random() * digits.length)]
      if (one === undefined) return changed
      const value = ['0', '1', '-1', '99999999999', String(Math.floor(random() * 100))][Math.floor(random() * 5)] ?? '0'
      return Buffer.from(text.slice(0, one.index) + value + text.slice(one.index + one[0].length), 'latin1')
    }
  }
}

describe('signing a damaged PDF', function () {
  this.timeout(600_000)
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  after(() => {
    rmSync(folder, { recursive: true })
  })

  it(`ends with a signature or a coded fault, never with anything else (${mutants} mutants)`, async () => {
    const signer = signerOf(issueCertificate({ commonName: 'Fuzz' }))
    const stamp = typstPdf(stampSource, '1.7')
    const page = addSignatureFields(typstPdf(pageSource), [{ name: 'ready', page: 1, rect: [10, 10, 100, 43] }])
    writeFileSync(join(folder, 'in.pdf'), page)
    execFileSync('qpdf', ['--object-streams=generate', join(folder, 'in.pdf'), join(folder, 'out.pdf')])
    const seeds = [page, readFileSync(join(folder, 'out.pdf')), (await signPdf(page, { signer, signedAt: new Date(0) })).pdf]
    const outcomes = new Map<string, number>()
    for (let seed = 0; seed < mutants; seed++) {
      const pdf = mutate(seeds[seed % seeds.length] ?? page, seed)
      const before = Buffer.from(pdf)
      const spent = timeSpent()
      const field =
        seed % 2 === 0
          ? { fieldName: 'ready', appearance: { pdf: stamp } }
          : { appearance: { page: 1, rect: [0, 0, 10, 10] as const, pdf: stamp } }
      const outcome = await signPdf(pdf, { signer, signedAt: new Date(0), ...field }).then(
        (signed) => {
          assert.equal(signed.pdf.subarray(0, before.length).equals(before), true, `mutant ${seed}`)
          return 'signed'
        },
        (error: unknown) => {
          assert.ok(error instanceof Fault, `mutant ${seed}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`)
          return error.code
        },
      )
      assert.ok(spent() < slowest, `mutant ${seed} is slow`)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    // Both ways were taken: the mutants are neither all harmless nor all hopeless.
    assert.ok((outcomes.get('signed') ?? 0) > mutants / 50, JSON.stringify([...outcomes]))
    assert.ok((outcomes.get('SIGN-PDF-UNREADABLE') ?? 0) > mutants / 10, JSON.stringify([...outcomes]))
  })
})
