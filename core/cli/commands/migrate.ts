import type { Command } from 'commander'
import { commandTexts, languageOf, print, printJson, type GlobalOptions } from '../terminal.js'
import { withHost } from '../with-host.js'

/** `khatm migrate`: brings the database to the installed modules and says what was done. */
export function register(program: Command): void {
  program
    .command('migrate')
    .description('cli.help.migrate')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const report = await withHost(command, ({ report: booted }) => Promise.resolve(booted))
      const failed = report.modules.filter((module) => module.state === 'failed')
      if (options.json === true) printJson({ migrated: report.migrated, failed })
      else {
        const { bootReportText } = await import('../../host/boot-report.js')
        print(...report.migrated, bootReportText(report, commandTexts(), languageOf(options.lang)))
      }
      if (failed.length > 0) process.exitCode = 1
    })
}
