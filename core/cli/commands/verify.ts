import { Option, type Command } from 'commander'
import { loadModules } from '../../host/load-modules.js'
import { Fault } from '../../i18n/fault.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import type { Verifiers } from '../../validation/report.js'
import type { DocumentVerdict } from '../../validation/verdict.js'
import { configurationOf, languageOf, print, printJson, type GlobalOptions } from '../terminal.js'
import { FileVerification } from '../verify-inputs.js'
import { reportLines, withMessages } from '../verify-report.js'
import { serveVerification } from '../verify-service.js'

interface VerifyCommandOptions extends GlobalOptions {
  readonly trust?: string[]
  readonly at?: string
  readonly content?: string
  readonly online?: boolean
  readonly revocation: 'known' | 'required'
  readonly crl?: string[]
  readonly ocsp?: string[]
  readonly stdio?: boolean
}

const again = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]

/** `khatm verify FILE…`: judges signed files. Needs no database; modules bring the verifiers of their formats. */
export function register(program: Command): void {
  program
    .command('verify [files...]')
    .description('cli.help.verify')
    .option('--trust <pem>', 'cli.help.verify.trust', again)
    .option('--at <time>', 'cli.help.option.at')
    .option('--content <file>', 'cli.help.verify.content')
    .option('--online', 'cli.help.verify.online')
    .addOption(new Option('--revocation <mode>', 'cli.help.verify.revocation').choices(['known', 'required']).default('known'))
    .option('--crl <file>', 'cli.help.verify.crl', again)
    .option('--ocsp <file>', 'cli.help.verify.ocsp', again)
    .option('--stdio', 'cli.help.verify.stdio')
    .option('--json', 'cli.help.option.json')
    .option('--lang <language>', 'cli.help.option.lang')
    .action(async (files: string[], _options: object, command: Command) => {
      const options = command.optsWithGlobals<VerifyCommandOptions>()
      const locale = languageOf(options.lang)
      const verification = new FileVerification(await verifiersOfInstallation(command), configurationOf(command))
      if (options.stdio === true) return serveVerification(verification, locale)
      if (files.length === 0) throw new Fault('VERIFY-NO-FILE')
      const verdicts: DocumentVerdict[] = []
      for (const file of files) {
        const verdict = await verification.verify({
          file,
          trust: options.trust ?? [],
          at: options.at,
          content: options.content,
          online: options.online === true,
          revocation: options.revocation,
          crl: options.crl ?? [],
          ocsp: options.ocsp ?? [],
        })
        verdicts.push(verdict)
        if (options.json !== true) print(...reportLines(verdict, locale))
      }
      if (options.json === true) {
        const told = verdicts.map((verdict) => withMessages(verdict, locale))
        printJson(told.length === 1 ? told[0] : told)
      }
      if (verdicts.some((verdict) => verdict.verdict !== 'passed')) process.exitCode = 1
    })
}

async function verifiersOfInstallation(command: Command): Promise<Verifiers> {
  const verifiers = createVerifiers()
  const loaded = await loadModules(configurationOf(command))
  for (const module of loaded.standing()) for (const verifier of module.records.verifiers) verifiers.add(verifier)
  return verifiers
}
