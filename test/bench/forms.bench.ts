import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchFigures } from './figure.js'
import { scannedPdf } from './many-pages.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'

const rounded = (value: number): number => Number(value.toPrecision(4))

/** A scanned contract of 100 pages and 20 MB in a process of its own: looked at, given 41 fields, filled, filled and signed at LT. */
export function run(): Promise<BenchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'forms-'))
  try {
    const [input, output] = [join(folder, 'in.pdf'), join(folder, 'out.pdf')]
    writeFileSync(input, scannedPdf(100, 20_000_000))
    const child = fileURLToPath(new URL('./sign-form.ts', import.meta.url))
    const answer = execFileSync(process.execPath, [...readingTypeScript, child, input, output, folder], { encoding: 'utf8' })
    // sign-form.ts prints just this.
    const told = JSON.parse(answer) as { inspect: number; prepare: number; sign: number; megabytes: number; added: number }
    const figure = (value: number, unit: string, limit: number): BenchFigures[string] => ({
      value: rounded(value),
      unit,
      limit,
      ofLimit: rounded(value / limit),
    })
    return Promise.resolve({
      'forms.inspect-100-pages-20-mb': figure(told.inspect, 'ms', 2000),
      'forms.add-and-fill-40-fields': figure(told.prepare, 'ms', 1000),
      'forms.fill-and-sign-lt': figure(told.sign, 'ms', 3000),
      'forms.memory': figure(told.megabytes, 'MB', 600),
      'forms.bytes-of-20-fields': figure(told.added, 'bytes', 60_000),
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
