import { readFile, writeFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { Option, type Command } from 'commander'
import { Fault } from '../../i18n/fault.js'
import { signCades } from '../../signing/formats/cades/signed-data.js'
import { signPdf } from '../../signing/formats/pades/sign-pdf.js'
import type { KeyPurpose } from '../../signing/key.js'
import type { TimeStampClient } from '../../signing/tsp/time-stamp.js'
import { createTimeStampClient } from '../../signing/tsp/time-stamp-client.js'
import { print, printJson, type GlobalOptions } from '../terminal.js'
import { withHost } from '../with-host.js'

interface SignOptions extends GlobalOptions {
  readonly company: string
  readonly key: string
  readonly format: 'pades' | 'cades'
  readonly level: 'b' | 't'
  readonly purpose: KeyPurpose
  readonly out?: string
  readonly reason?: string
}

/** `khatm sign FILE`: signs a file with a configured key; policy and use log apply as everywhere. */
export function register(program: Command): void {
  program
    .command('sign <file>')
    .description('sign a file with a configured key')
    .requiredOption('--company <code>', 'company the key belongs to')
    .requiredOption('--key <id>', 'identifier of the key')
    .addOption(
      new Option('--format <format>', 'pades signs a PDF inside, cades writes a .p7m beside').choices(['pades', 'cades']).default('pades'),
    )
    .addOption(new Option('--level <level>', 't adds a time stamp').choices(['b', 't']).default('b'))
    .addOption(
      new Option('--purpose <purpose>', 'what the key is used for').choices(['seal-document', 'sign-contract']).default('seal-document'),
    )
    .option('--reason <text>', 'shown in the PDF')
    .option('--out <file>', 'where to write (default: beside the file)')
    .action(async (file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<SignOptions>()
      const bytes = await readFile(file).catch((error: unknown) => {
        throw new Fault('VERIFY-FILE-MISSING', { params: { file }, cause: error })
      })
      const result = await withHost(command, async ({ host }) => {
        const company = await host.access.companyByCode(options.company)
        const context = await host.access.systemContext(company.id, 'cli')
        const timeStamp =
          options.level === 't' ? configuredTimeStamp(host.config.signing.timeStampUrl, host.config.allowedPrivateOrigins) : undefined
        const subject = { type: 'file', id: basename(file), label: basename(file) }
        const signer = await host.signing.open(context, options.key, { purpose: options.purpose, subject })
        const shared = { signer, signedAt: host.now(), ...(timeStamp === undefined ? {} : { timeStamp }) }
        if (options.format === 'cades') {
          const { cms, level } = await signCades(bytes, { ...shared, detached: false })
          return { bytes: cms, level, out: options.out ?? `${file}.p7m` }
        }
        const { pdf, level } = await signPdf(bytes, { ...shared, ...(options.reason === undefined ? {} : { reason: options.reason }) })
        return { bytes: pdf, level, out: options.out ?? `${file.slice(0, file.length - extname(file).length)}.signed.pdf` }
      })
      await writeFile(result.out, result.bytes)
      if (options.json === true) printJson({ file: result.out, level: result.level })
      else print(`${result.out} ${result.level}`)
    })
}

/** Level T was asked for: without an authority that is a fault, not a level B. */
function configuredTimeStamp(url: string | null, allowPrivate: readonly string[]): TimeStampClient {
  if (url === null) throw new Fault('SIGN-TSA-NOT-CONFIGURED')
  return createTimeStampClient(url, { allowPrivate })
}
