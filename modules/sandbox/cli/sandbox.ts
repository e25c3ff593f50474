import { join } from 'node:path'
import type { Command } from 'commander'
import { commandTexts, configurationOf, languageOf, print, printJson, progress, type GlobalOptions } from '../../../core/cli/terminal.js'
import { Fault } from '../../../core/i18n/fault.js'
import { startSandbox } from '../index.js'

interface SandboxCommandOptions extends GlobalOptions {
  readonly port?: string
  readonly smtpPort?: string
}

/** `khatm sandbox`: the authorities of this machine until a signal ends them. State lies in `<data>/sandbox`. */
export function register(program: Command): void {
  program
    .command('sandbox')
    .description('cli.help.sandbox')
    .option('--port <number>', 'cli.help.sandbox.port')
    .option('--smtp-port <number>', 'cli.help.sandbox.smtp-port')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<SandboxCommandOptions>()
      const dataDir = join(configurationOf(command).dataDir, 'sandbox')
      const sandbox = await startSandbox({ dataDir, port: portOf(options.port), smtpPort: portOf(options.smtpPort) })
      const { url, smtp, timeStampUrl, fatooraUrl, ocspUrl, csc } = sandbox
      const mailUrl = `${url}/mail`
      const trustAnchors = `${url}/ca/trust-anchors.pem`
      if (options.json === true)
        printJson({ url, smtp, timeStampUrl, fatooraUrl, ocspUrl, cscUrl: csc.url, mailUrl, trustAnchors, dataDir })
      else print(url, fatooraUrl, timeStampUrl, ocspUrl, csc.url, mailUrl, trustAnchors, `smtp://${smtp.host}:${smtp.port}`)
      progress(commandTexts().text(languageOf(options.lang), 'cli.sandbox.running', { url }))
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
      })
      await sandbox.close()
    })
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Fault('SANDBOX-PORT-INVALID', { params: { port: text }, status: 400 })
  return port
}
