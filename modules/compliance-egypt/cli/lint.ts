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
    .description('cli.help.certificate.lint')
    .requiredOption('--law <country>', 'cli.help.certificate.lint.law')
    .option('--json', 'cli.help.option.json')
    .option('--lang <language>', 'cli.help.option.lang')
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
