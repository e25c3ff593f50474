import type { Command } from 'commander'
import { commandTexts, configurationOf, languageOf, print, printJson, type GlobalOptions } from '../terminal.js'

/** `khatm doctor`: says in plain words what is not ready and how to mend it. Exit 1 when something stops work. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description('cli.help.doctor')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const locale = languageOf(options.lang)
      const { examine } = await import('../examination.js')
      const findings = await examine(configurationOf(command, { logLevel: 'silent' }), commandTexts(), locale)
      if (options.json === true) printJson(findings)
      else {
        const mark = { ready: '✓', warning: '!', stopped: '✗' }
        for (const { state, text, remedy } of findings)
          print(`${mark[state]} ${text}`, ...(remedy === undefined ? [] : [`    → ${remedy}`]))
      }
      if (findings.some((finding) => finding.state === 'stopped')) process.exitCode = 1
    })
}
