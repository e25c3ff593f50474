import { basename } from 'node:path'
import type { Command } from 'commander'
import { commandTexts, languageOf, print, printJson, progress, type GlobalOptions } from '../../../core/cli/terminal.js'
import { withHost } from '../../../core/cli/with-host.js'
import { Fault } from '../../../core/i18n/fault.js'
import { demonstrationPrefix } from '../demonstration.js'
import { issueRows } from '../issue/issue-files.js'
import { readRows, type InvoiceRow } from '../issue/read-rows.js'
import { writeTrustFile } from '../issue/trust-file.js'
import { leaseSeconds } from '../services/lease.js'

interface IssueCommandOptions extends GlobalOptions {
  readonly out: string
  readonly pdf: boolean
  readonly submit: boolean
  readonly again?: string
  readonly patience: string
}

/** `khatm issue`: invoices from JSON through the real host, in order, each acknowledged by a line of `result.ndjson`. */
export function register(program: Command): void {
  program
    .command('issue')
    .description('cli.help.issue')
    .argument('<files...>', 'cli.help.issue.files')
    .option('--out <folder>', 'cli.help.issue.out', 'out')
    .option('--no-pdf', 'cli.help.issue.no-pdf')
    .option('--no-submit', 'cli.help.issue.no-submit')
    .option('--again <name>', 'cli.help.issue.again')
    .option('--patience <seconds>', 'cli.help.issue.patience', String(leaseSeconds + 60))
    .action(async (files: string[], _options: IssueCommandOptions, command: Command) => {
      const options = command.optsWithGlobals<IssueCommandOptions>()
      const locale = languageOf(options.lang)
      const texts = commandTexts()
      const patience = Number(options.patience)
      if (!/^\d{1,6}$/.test(options.patience)) throw new Fault('ISSUE-PATIENCE', { params: { given: options.patience } })
      const fileOfRow = new Map<InvoiceRow, string>()
      const rows = files.flatMap((file) => {
        const own = readRows(file, options.again ?? '')
        for (const row of own) fileOfRow.set(row, basename(file))
        return own
      })
      const summary = await withHost(
        command,
        async (running) => {
          const done = await issueRows(running.host, rows, {
            folder: options.out,
            pdf: options.pdf,
            submit: options.submit,
            patienceMs: patience * 1000,
            message: (fault) => texts.fault(locale, fault),
            ...(files.length > 1 ? { fileOf: (row: InvoiceRow) => fileOfRow.get(row) ?? '' } : {}),
            onResult: (line, count) => {
              if (line.status !== 'accepted' && line.status !== 'posted') {
                for (const fault of line.faults) progress(`${String(line.line)}: ${fault.code} ${fault.path ?? ''} ${fault.message}`)
              }
              if (count % 100 === 0 || count === rows.length) progress(`${String(count)} / ${String(rows.length)}`)
            },
          })
          // Whoever tries things out has nobody's root at hand.
          if (running.authorities !== undefined) writeTrustFile(options.out, running.authorities.trustAnchors)
          return done
        },
        { role: { worker: options.submit }, sandbox: rows.some(wantsDemonstration) },
      )
      if (options.json === true) printJson(summary)
      else print(texts.text(locale, 'compliance.issue.summary', { ...summary }))
      const good = summary.accepted + (options.submit ? 0 : summary.posted)
      if (good < rows.length) process.exitCode = 1
    })
}

function wantsDemonstration(row: InvoiceRow): boolean {
  const { value } = row
  return typeof value === 'object' && value !== null && 'company' in value && String(value.company).startsWith(demonstrationPrefix)
}
