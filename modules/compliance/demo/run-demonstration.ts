import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import { demonstrationCompany, demonstrations, type Demonstration } from '../demonstration.js'
import { issueRows } from '../issue/issue-files.js'
import type { InvoiceRow } from '../issue/read-rows.js'
import type { ResultLine } from '../issue/results.js'

export interface DemonstratedFile {
  readonly company: string
  readonly path: string
  readonly verdict: DocumentVerdict
}

export interface DemonstrationOutcome {
  readonly companies: readonly Company[]
  readonly results: readonly ResultLine[]
  readonly files: readonly DemonstratedFile[]
  /** DER: what the files are to be judged against. */
  readonly anchors: readonly Buffer[]
}

export interface DemonstrationOptions {
  readonly out: string
  readonly trust: readonly Buffer[]
  readonly locale: Locale
  readonly onProgress: (text: string) => void
}

/**
 * Makes the demonstration companies ready, issues their example invoices through the real layers, and judges every file that was
 * written: the verdicts are those of the verifier on the bytes on disk. Repeatable: a second run finds the same invoices.
 * @throws Fault DEMO-REAL-DATA when the data folder holds companies that are not of the sandbox
 */
export async function runDemonstration(host: Host, options: DemonstrationOptions): Promise<DemonstrationOutcome> {
  const real = (await host.access.companies()).find((company) => !company.sandbox)
  if (real !== undefined) throw new Fault('DEMO-REAL-DATA', { params: { company: real.name } })
  const companies: Company[] = []
  const results: ResultLine[] = []
  const files: DemonstratedFile[] = []
  for (const demonstration of await demonstrations(host)) {
    const { code } = demonstration.company
    options.onProgress(code)
    const company = await demonstrationCompany(host, code)
    if (company === undefined) continue
    companies.push(company)
    const lines = await issueExamples(host, demonstration, options)
    results.push(...lines)
    files.push(...(await judge(host, code, lines, options)))
  }
  const [company] = companies
  const papers = company === undefined ? [] : await host.hooks.collectFromAll('demonstration.papers', { company })
  const anchors = [...options.trust]
  for (const { fileName, bytes, trust } of papers) {
    const path = join(options.out, fileName)
    writeFileSync(path, bytes)
    anchors.push(...trust.filter((der) => !anchors.some((known) => known.equals(der))))
    files.push({ company: company?.code ?? '', path, verdict: await host.verifiers.verify(path, readFileSync(path), { trust: anchors }) })
  }
  return { companies, results, files, anchors }
}

async function issueExamples(host: Host, demonstration: Demonstration, options: DemonstrationOptions): Promise<ResultLine[]> {
  const { code } = demonstration.company
  const rows: InvoiceRow[] = demonstration.invoices.map((value, index) => ({
    line: index + 1,
    key: `demo:${code}:${String(index + 1)}`,
    value,
  }))
  const lines: ResultLine[] = []
  await issueRows(host, rows, {
    folder: options.out,
    prefix: `${code}-`,
    pdf: true,
    submit: true,
    patienceMs: 20_000,
    message: (fault) => host.i18n.fault(options.locale, fault),
    onResult: (line) => lines.push(line),
  })
  return lines
}

/** The verdict of the verifier on each file that the results name, read back from the disk. */
async function judge(
  host: Host,
  company: string,
  lines: readonly ResultLine[],
  options: DemonstrationOptions,
): Promise<DemonstratedFile[]> {
  const files: DemonstratedFile[] = []
  for (const name of lines.flatMap((line) => [line.files?.legal, line.files?.pdf])) {
    if (name === undefined) continue
    const path = join(options.out, name)
    files.push({ company, path, verdict: await host.verifiers.verify(path, readFileSync(path), { trust: options.trust }) })
  }
  return files
}
