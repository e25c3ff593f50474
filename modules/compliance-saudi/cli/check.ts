import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { commandTexts, languageOf, print, printJson, type GlobalOptions } from '../../../core/cli/terminal.js'
import { Fault } from '../../../core/i18n/fault.js'
import { checkXml } from '../rules/check-xml.js'

/** Rule sets this command knows. */
const ruleSets = ['zatca'] as const

/** `khatm check FILE --rules zatca`: business rules of the authority on a file; exit 1 when an error fired. */
export function register(program: Command): void {
  program
    .command('check <files...>')
    .description('business rules on e-invoice files: fired rules with level and place')
    .requiredOption('--rules <set>', `rule set: ${ruleSets.join(', ')}`)
    .action((files: string[], _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { rules: string }>()
      if (!ruleSets.some((set) => set === options.rules)) {
        throw new Fault('SA-CHECK-RULES', { status: 400, params: { rules: options.rules, known: ruleSets.join(', ') } })
      }
      const texts = commandTexts()
      const locale = languageOf(options.lang)
      const results = files.map((file) => {
        try {
          return { file, fired: checkXml(readFileSync(file), new Date()), faults: [] }
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
          for (const one of fired)
            print(`  ${one.level} ${one.rule} ${one.place}: ${texts.fault(locale, { code: one.rule, params: { place: one.place } })}`)
          if (fired.length === 0 && faults.length === 0) print(`  ${texts.text(locale, 'compliance-saudi.check.clean')}`)
        }
      }
      if (results.some((one) => one.faults.length > 0 || one.fired.some((rule) => rule.level === 'error'))) process.exitCode = 1
    })
}
