import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchFigures } from './figure.js'
import { scannedPdf } from './many-pages.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'

const rounded = (value: number): number => Number(value.toPrecision(4))

/** A contract of 100 scanned pages and 20 MB through the whole of a signature request, in a process of its own. */
export function run(): Promise<BenchFigures> {
  const child = fileURLToPath(new URL('./contracts-host.ts', import.meta.url))
  const answer = throughTheHost(child)
  // contracts-host.ts prints just this.
  const told = JSON.parse(answer.trim().split('\n').at(-1) ?? '') as Record<string, number> & { readonly state: string }
  if (told.state !== 'sealed') throw new Error(`the request ended as ${told.state}`)
  const figure = (name: string, unit: string, limit?: number): BenchFigures[string] => {
    const value = told[name] ?? Number.NaN
    return { value: rounded(value), unit, ...(limit === undefined ? {} : { limit, ofLimit: rounded(value / limit) }) }
  }
  return Promise.resolve({
    'contracts.send-100-pages-20-mb': figure('send', 'ms'),
    'contracts.sign-with-time-stamp': figure('sign', 'ms'),
    'contracts.seal-and-archive': figure('seal', 'ms', 3000),
    'contracts.certificate-log-and-pack': figure('files', 'ms'),
    'contracts.memory': figure('megabytes', 'MB', 600),
    'contracts.memory-of-the-request': figure('added', 'MB'),
    ...(told['editor-first'] === undefined
      ? {}
      : {
          'contracts.editor-first-page': figure('editor-first', 'ms', 2000),
          'contracts.editor-first-page-again': figure('editor-again', 'ms', 2000),
        }),
  })
}

/** The file is made here: what making it costs is no memory of the host. */
function throughTheHost(child: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'contracts-'))
  try {
    const input = join(folder, 'contract.pdf')
    writeFileSync(input, scannedPdf(100, 20_000_000))
    return execFileSync(process.execPath, [...readingTypeScript, child, input], { encoding: 'utf8', maxBuffer: 1024 * 1024 })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
