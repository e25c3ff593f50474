import type { Command } from 'commander'
import { commandTexts, configurationOf, languageOf, print, printJson, progress, type GlobalOptions } from '../terminal.js'
import { withHost } from '../with-host.js'

interface AuditOptions extends GlobalOptions {
  readonly company?: string
}

/** `khatm audit verify`: walks the event chain of each company from its first event. Exit code 1 when one is broken, and when there is none to check. */
export function register(program: Command): void {
  const audit = program.command('audit').description('cli.help.audit')
  audit
    .command('verify')
    .description('cli.help.audit.verify')
    .option('--company <code>', 'cli.help.audit.verify.company')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<AuditOptions>()
      const locale = languageOf(options.lang)
      const results = await withHost(command, async ({ host }) => {
        const companies = await host.access.companies()
        const only = options.company === undefined ? undefined : await host.access.companyByCode(options.company)
        const verified = await host.audit.verify(only?.id)
        return verified.map((result) => ({
          company: companies.find((company) => company.id === result.companyId)?.code ?? result.companyId,
          ...result,
        }))
      })
      if (options.json === true) printJson(results)
      for (const result of options.json === true ? [] : results) {
        const { company, events, brokenAt, reason } = result
        print(
          result.intact
            ? commandTexts().text(locale, 'cli.audit.intact', { company, events })
            : commandTexts().text(locale, 'cli.audit.broken', { company, events, at: brokenAt ?? 0, reason: reason ?? '' }),
        )
      }
      // Silence would pass for success where the wrong folder was named.
      if (results.length === 0) progress(commandTexts().text(locale, 'cli.audit.none', { folder: configurationOf(command).dataDir }))
      if (results.length === 0 || results.some((result) => !result.intact)) process.exitCode = 1
    })
}
