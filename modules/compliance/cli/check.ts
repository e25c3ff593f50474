import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { commandTexts, languageOf, print, printJson, type GlobalOptions } from '../../../core/cli/terminal.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { rulesNamed, type FiredRule } from '../checks/file-rules.js'

/** `khatm check FILE --rules zatca|eta`: business rules of an authority on a file; exit 1 when an error fired. */
export function register(program: Command): void {
  program
    .command('check <files...>')
    .description('cli.help.check')
    .requiredOption('--rules <set>', 'cli.help.check.rules')
    .action(async (files: string[], _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { rules: string }>()
      const rules = await rulesNamed(options.rules)
      const now = new Date()
      const texts = commandTexts()
      const locale = languageOf(options.lang)
      const results = files.map((file): { file: string; fired: readonly FiredRule[]; faults: readonly FaultDetail[] } => {
        try {
          return { file, fired: rules.check(readFileSync(file), now), faults: [] }
        } catch (error) {
          if (!(error instanceof Fault)) throw error
          return { file, fired: [], faults: error.details }
        }
      })
      if (options.json === true) printJson(results.length === 1 ? results[0] : results)
      else {
        for (const { file, fired, faults } of results) {
          print(file)
          for (const fault of faults) print(`  ${texts.fault(locale, fault)}`)
          for (const { rule, level, place, params } of fired)
            print(
              `  ${texts.text(locale, `compliance.check.level.${level}`)} ${rule} ${place}: ${texts.fault(locale, { code: rule, params: { place, ...params } })}`,
            )
          if (fired.length === 0 && faults.length === 0) print(`  ${texts.text(locale, 'compliance.check.clean')}`)
        }
      }
      if (results.some(({ fired, faults }) => faults.length > 0 || fired.some(({ level }) => level === 'error'))) process.exitCode = 1
    })
}
