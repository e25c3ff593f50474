import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { print, printJson, type GlobalOptions } from '../../../core/cli/terminal.js'
import { Fault } from '../../../core/i18n/fault.js'
import { canonicalHash, canonicalTextOf } from '../canonical/canonical-text.js'
import { itemsOf, memberOf, parseLiteral, textAt, type LiteralValue } from '../canonical/literal-value.js'
import { checkStructure } from '../document/check-structure.js'
import { dossierCommand } from '../law/dossier-command.js'
import { receiptUuid } from '../verify/verify-receipt.js'

interface OutOption extends GlobalOptions {
  readonly out?: string
  readonly number: string
}

/**
 * `khatm eta text|cms|hash FILE`: the parts of a signed document of the Egyptian authority as other programs need them, so that anybody
 * can judge a file with OpenSSL alone.
 */
export function register(program: Command): void {
  const eta = program.command('eta').description('cli.help.eta')
  eta
    .command('text <file>')
    .description('cli.help.eta.text')
    .option('--out <file>', 'cli.help.eta.out')
    .action((file: string, _options: object, command: Command) => {
      write(canonicalTextOf(read(file)), command)
    })
  eta
    .command('cms <file>')
    .description('cli.help.eta.cms')
    .option('--number <n>', 'cli.help.eta.cms.number', '1')
    .option('--out <file>', 'cli.help.eta.out')
    .action((file: string, _options: object, command: Command) => {
      const { number } = command.optsWithGlobals<OutOption>()
      const signatures = itemsOf(memberOf(read(file), 'signatures'))
      if (signatures.length === 0) throw new Fault('EG-SIGNATURE-ABSENT', { path: 'signatures' })
      const signature = /^\d{1,3}$/.test(number) ? signatures[Number(number) - 1] : undefined
      if (signature === undefined)
        throw new Fault('EG-SIGNATURE-NUMBER', { path: 'signatures', params: { number, count: signatures.length } })
      write(Buffer.from(textAt(signature, 'value') ?? '', 'base64'), command)
    })
  eta
    .command('hash <file>')
    .description('cli.help.eta.hash')
    .action((file: string, _options: object, command: Command) => {
      const document = read(file)
      const isReceipt = memberOf(document, 'seller') !== undefined
      const hash = isReceipt ? receiptUuid(document) : canonicalHash(canonicalTextOf(document))
      if (command.optsWithGlobals<GlobalOptions>().json === true)
        printJson({ file, kind: isReceipt ? 'receipt' : 'document', sha256: hash })
      else print(hash)
    })
  dossierCommand(eta)
}

/** A text alone does not fix a document, for it has no braces: a file of another shape is refused before anything is made of it. */
function read(file: string): LiteralValue {
  const document = parseLiteral(readFileSync(file))
  Fault.throwIfAny(checkStructure(document))
  return document
}

function write(bytes: Buffer, command: Command): void {
  const { out } = command.optsWithGlobals<OutOption>()
  if (out === undefined) process.stdout.write(bytes)
  else writeFileSync(out, bytes)
}
