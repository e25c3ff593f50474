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
    .description('check the signatures of files; exit 0 only when every file passed')
    .option('--trust <pem>', 'file of certificates (PEM or DER) to trust; may be given again', again)
    .option('--at <time>', 'check as of this time (ISO 8601)')
    .option('--content <file>', 'what a detached signature signs (else the file beside it: contract.pdf of contract.pdf.p7s)')
    .option('--online', 'ask the servers that certificates name for what is missing')
    .addOption(
      new Option('--revocation <mode>', 'required: a certificate whose withdrawal cannot be ruled out does not pass')
        .choices(['known', 'required'])
        .default('known'),
    )
    .option('--crl <file>', 'list of withdrawn certificates to use; may be given again', again)
    .option('--ocsp <file>', 'OCSP response to use; may be given again', again)
    .option(
      '--stdio',
      'answer one JSON request per line: {"id", "file", "trust"?, "at"?, "content"?, "online"?, "revocation"?, "crl"?, "ocsp"?}',
    )
    .option('--json', 'answer as JSON')
    .option('--lang <language>', 'ar, en or bg')
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
