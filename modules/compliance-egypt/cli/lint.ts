import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { commandTexts, languageOf, print, printJson, type GlobalOptions } from '../../../core/cli/terminal.js'
import { Fault } from '../../../core/i18n/fault.js'
import { readCertificateFile } from '../../../core/validation/certificate/certificate.js'
import { lintCertificate } from '../law/lint-certificate.js'

/** `khatm certificate lint FILE --law egypt`: content of a certificate against Art. 20; exit 1 unless every item is in it. */
export function register(program: Command): void {
  const parent = program.commands.find((command) => command.name() === 'certificate') ?? program.command('certificate')
  parent
    .command('lint <file>')
    .description("content of a certificate against a country's law")
    .requiredOption('--law <country>', 'law: egypt (Executive Regulations 109/2005, Art. 20)')
    .option('--json', 'answer as JSON')
    .option('--lang <language>', 'ar, en or bg')
    .action((file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { law: string }>()
      if (options.law !== 'egypt') throw new Fault('EG-LINT-LAW', { status: 400, params: { law: options.law } })
      const [certificate] = readCertificateFile(readFileSync(file))
      if (certificate === undefined) throw new Fault('SIGN-CERT-UNREADABLE')
      const items = lintCertificate(certificate.der)
      const complete = items.every(({ state }) => state === 'present')
      if (options.json === true) printJson({ file, complete, items })
      else {
        const [texts, locale] = [commandTexts(), languageOf(options.lang)]
        for (const { item, code, state, found } of items) {
          const title = texts.text(locale, `compliance-egypt.lint.${code}`)
          print(
            `${String(item).padStart(2)}  ${texts.text(locale, `compliance-egypt.lint.state.${state}`)}  ${title}${found === '' ? '' : `: ${found}`}`,
          )
        }
      }
      if (!complete) process.exitCode = 1
    })
}
