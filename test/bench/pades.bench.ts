import { execFileSync } from 'node:child_process'
import { createHash, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { stampSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import type { BenchFigures } from './figure.js'
import { largePdf } from './large-pdf.js'
import { localEvidence, localTimeStamps } from './local-authorities.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'

const signedAt = new Date('2026-11-22T10:30:00Z')
const rounded = (value: number): number => Number(value.toPrecision(4))

/** Milliseconds of each work; they take turns, so that a busy machine is busy for all of them. The median, as a pause of the machine is no cost. */
async function times(works: readonly (() => unknown)[], turns = 60): Promise<number[]> {
  const spent = works.map((): number[] => [])
  for (let turn = 0; turn < turns + 5; turn++)
    for (const [index, work] of works.entries()) {
      const started = performance.now()
      await work()
      if (turn >= 5) spent[index]?.push(performance.now() - started)
    }
  return spent.map((list) => list.sort((left, right) => left - right)[Math.floor(list.length / 2)] ?? 0)
}

/**
 * PAdES by level on a file of near 100 kB, authorities in this process, beside the key alone; and a file of 100 MB at level
 * LT in a process of its own, with the most memory that process ever had.
 */
export async function run(): Promise<BenchFigures> {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const certificate = issueCertificate({ commonName: 'Seal', algorithm: 'rsa-2048', issuer: root })
  const signer = signerOf(certificate, [root])
  const rows = Array.from({ length: 190 }, (_, index) => `+ Item ${index} ${createHash('sha256').update(String(index)).digest('hex')}`)
  const pdf = typstPdf(`#set document(date: datetime(year: 2026, month: 11, day: 22))\n= Invoice\n${rows.join('\n')}`)
  const appearance = { page: 1, rect: [20, 20, 140, 60], pdf: typstPdf(stampSource, '1.7') } as const
  const timeStamp = localTimeStamps(root)
  const evidence = localEvidence(root)
  const content = Buffer.alloc(256, 7)
  const [key = 0, ...levels] = await times([
    () => sign('sha256', content, certificate.privateKey),
    () => signPdf(pdf, { signer, signedAt }),
    () => signPdf(pdf, { signer, signedAt, appearance }),
    () => signPdf(pdf, { signer, signedAt, timeStamp }),
    () => signPdf(pdf, { signer, signedAt, timeStamp, evidence, level: 'LT' }),
    () => signPdf(pdf, { signer, signedAt, timeStamp, evidence, level: 'LTA' }),
  ])
  const figures: BenchFigures = {}
  for (const [index, name] of ['b', 'b-visible', 't', 'lt', 'lta'].entries()) {
    const value = levels[index] ?? 0
    figures[`pades.${name}`] = {
      value: rounded(value),
      unit: `ms (${Math.round(pdf.length / 1000)} kB, rsa-2048)`,
      peer: 'key alone',
      peerValue: rounded(key),
      ratio: rounded(value / key),
      ...(name === 'b' ? { limit: rounded(3 + key), ofLimit: rounded(value / (3 + key)) } : {}),
    }
  }
  return { ...figures, ...large() }
}

function large(): BenchFigures {
  const folder = mkdtempSync(join(tmpdir(), 'large-'))
  try {
    const [input, output] = [join(folder, 'in.pdf'), join(folder, 'out.pdf')]
    writeFileSync(input, largePdf(100_000_000))
    const child = fileURLToPath(new URL('./sign-large.ts', import.meta.url))
    const answer = execFileSync(process.execPath, [...readingTypeScript, child, input, output], { encoding: 'utf8' })
    // sign-large.ts prints just this.
    const { milliseconds, megabytes } = JSON.parse(answer) as { milliseconds: number; megabytes: number }
    return {
      'pades.lt-100-mb': { value: rounded(milliseconds), unit: 'ms' },
      'pades.lt-100-mb.memory': { value: rounded(megabytes), unit: 'MB', limit: 1024, ofLimit: rounded(megabytes / 1024) },
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
