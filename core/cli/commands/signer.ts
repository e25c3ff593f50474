import { join } from 'node:path'
import type { Command } from 'commander'
import { createLogger } from '../../host/logger.js'
import { Fault } from '../../i18n/fault.js'
import type { LogHead } from '../../signing/signer-process/use-log.js'
import { commandTexts, configurationOf, languageOf, print, printJson, progress, type GlobalOptions } from '../terminal.js'

interface SignerOptions extends GlobalOptions {
  readonly config?: string
  readonly reason?: string
  readonly expect?: string
}

/** `khatm signer`: keys in a process of their own, used by hosts over the CSC API with mutual TLS. Needs no database. */
export function register(program: Command): void {
  const signer = program.command('signer').description('cli.help.signer')
  const verb = (name: string, description: string, options: { isDefault?: boolean } = {}): Command =>
    signer.command(name, options).description(description).option('--config <file>', 'cli.help.signer.config')

  verb('run', 'cli.help.signer.run', { isDefault: true }).action((_options: object, command: Command) => run(command))
  verb('stop <credential>', 'cli.help.signer.stop')
    .requiredOption('--reason <text>', 'cli.help.option.reason')
    .action((credential: string, _options: object, command: Command) => stop(command, credential))
  verb('verify-log', 'cli.help.signer.verify-log')
    .option('--expect <sequence:hash>', 'cli.help.signer.verify-log.expect')
    .action((_options: object, command: Command) => verifyLog(command))
}

async function run(command: Command): Promise<void> {
  const { startSigner } = await import('../../signing/signer-process/signer-server.js')
  const options = command.optsWithGlobals<SignerOptions>()
  const logger = createLogger({ logLevel: configurationOf(command).logLevel })
  const say = (key: string, params: Record<string, string>): void => {
    progress(commandTexts().text(languageOf(options.lang), key, params))
  }
  const signer = await startSigner(fileOf(command), logger)
  if (options.json === true) printJson({ url: signer.url, credentials: signer.credentials, log: signer.head() })
  else print(signer.url)
  say('cli.signer.ready', { url: signer.url, credentials: signer.credentials.join(', ') })
  const reload = (): void => {
    signer.reload().then(
      () => {
        say('cli.signer.reloaded', { credentials: signer.credentials.join(', ') })
      },
      // The old configuration stays: a slip of the pen must not stop every host.
      (error: unknown) => {
        const detail = error instanceof Fault ? error.details[0] : undefined
        const fault = detail ?? { code: 'CLI-UNEXPECTED', params: { reason: String(error) } }
        progress(`${fault.code} ${commandTexts().fault(languageOf(options.lang), fault)}`)
      },
    )
  }
  process.on('SIGHUP', reload)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
  process.off('SIGHUP', reload)
  await signer.stop()
  say('cli.signer.ended', { head: headText(signer.head()) })
}

async function stop(command: Command, credential: string): Promise<void> {
  const { loadSignerConfiguration } = await import('../../signing/signer-process/signer-configuration.js')
  const { stopCredential } = await import('../../signing/signer-process/stopped-credentials.js')
  const options = command.optsWithGlobals<SignerOptions>()
  const { stateFolder, credentials } = loadSignerConfiguration(fileOf(command))
  if (!credentials.some((one) => one.id === credential)) {
    const known = credentials.map((one) => one.id).join(', ')
    throw new Fault('SIGNER-CREDENTIAL-UNKNOWN', { params: { credential, known }, status: 404 })
  }
  const first = stopCredential(stateFolder, credential, options.reason ?? '', new Date())
  const key = first ? 'cli.signer.stopped' : 'cli.signer.stopped-before'
  if (options.json === true) printJson({ credential, stopped: true, first })
  else print(commandTexts().text(languageOf(options.lang), key, { credential }))
}

async function verifyLog(command: Command): Promise<void> {
  const { loadSignerConfiguration } = await import('../../signing/signer-process/signer-configuration.js')
  const { verifyUseLog } = await import('../../signing/signer-process/use-log.js')
  const options = command.optsWithGlobals<SignerOptions>()
  const { stateFolder } = loadSignerConfiguration(fileOf(command))
  const checked = await verifyUseLog(stateFolder, options.expect === undefined ? undefined : readHead(options.expect))
  if (options.json === true) printJson(checked)
  else {
    const key = checked.intact ? 'cli.signer.log-intact' : 'cli.signer.log-broken'
    const params = {
      entries: String(checked.entries),
      head: headText(checked.head),
      line: String(checked.brokenAt ?? 0),
      reason: checked.reason ?? '',
    }
    print(commandTexts().text(languageOf(options.lang), key, params))
  }
  if (!checked.intact) process.exitCode = 1
}

function fileOf(command: Command): string {
  return command.optsWithGlobals<SignerOptions>().config ?? join(configurationOf(command).dataDir, 'signer.json')
}

function headText(head: LogHead): string {
  return `${head.sequence}:${head.hash}`
}

function readHead(text: string): LogHead {
  const read = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  const [, sequence = '', hash = ''] = read ?? []
  if (read === null) throw new Fault('SIGNER-CONFIG-INVALID', { params: { file: '--expect', path: text, reason: 'SEQUENCE:HASH' } })
  return { sequence: Number(sequence), hash }
}
