import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { languageOf, print, printJson, type GlobalOptions } from '../../../core/cli/terminal.js'
import { withHost } from '../../../core/cli/with-host.js'
import { Fault } from '../../../core/i18n/fault.js'

interface DossierOptions extends GlobalOptions {
  readonly company: string
  readonly out?: string
  readonly file?: string
}

/** `khatm eta dossier NUMBER --company CODE`: the examination dossier (Art. 7) of a document, or of a copy that somebody presents. */
export function dossierCommand(eta: Command): void {
  eta
    .command('dossier <number>')
    .description('cli.help.eta.dossier')
    .requiredOption('--company <code>', 'cli.help.eta.dossier.company')
    .option('--file <file>', 'cli.help.eta.dossier.file')
    .option('--out <file>', 'cli.help.eta.dossier.out')
    .action(async (number: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<DossierOptions>()
      const presented = options.file === undefined ? undefined : readFileSync(options.file)
      // Read when it is wanted: the other commands of `khatm eta` need none of it.
      const { examinationDossier } = await import('./examination-dossier.js')
      await withHost(command, async ({ host, access }) => {
        const company = await access.companyByCode(options.company)
        const context = { ...(await access.systemContext(company.id, 'cli')), locale: languageOf(options.lang) }
        const row = await host.db.company(company.id, (transaction) =>
          transaction
            .knex('compliance_document')
            .where({ company_id: company.id, number })
            .first<{ invoice_id: string } | undefined>('invoice_id'),
        )
        if (row === undefined) throw new Fault('EG-DOSSIER-NUMBER', { status: 404, params: { number } })
        const bytes = await examinationDossier(host, context, row.invoice_id, presented)
        const out = options.out ?? `dossier-${number.replace(/[^\w.-]+/g, '-')}.zip`
        writeFileSync(out, bytes)
        if (options.json === true) printJson({ number, file: out, bytes: bytes.length })
        else print(out)
      })
    })
}
