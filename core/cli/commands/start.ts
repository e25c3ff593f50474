import type { Command } from 'commander'
import { Fault } from '../../i18n/fault.js'
import { commandTexts, configurationOf, languageOf, print, printJson, progress, type GlobalOptions } from '../terminal.js'
import { stopOnSignal } from '../with-host.js'

interface StartOptions extends GlobalOptions {
  readonly role: string
  readonly port?: string
}

const roles = ['web', 'worker'] as const
type Role = (typeof roles)[number]

/** `khatm start`: the host until it is told to stop. */
export function register(program: Command): void {
  program
    .command('start')
    .description('cli.help.start')
    .option('--role <roles>', 'cli.help.start.role', roles.join(','))
    .option('--port <number>', 'cli.help.start.port')
    .action(async (_options: StartOptions, command: Command) => {
      const options = command.optsWithGlobals<StartOptions>()
      const chosen = rolesOf(options.role)
      const config = configurationOf(command, options.port === undefined ? {} : { port: portOf(options.port) })
      const locale = languageOf(options.lang)
      const { bootHost } = await import('../../host/boot.js')
      const { bootReportText } = await import('../../host/boot-report.js')
      const booting = bootHost(config, {
        role: { web: chosen.includes('web'), worker: chosen.includes('worker') },
        onProgress: (step) => {
          progress(commandTexts().text(locale, `host.step.${step}`))
        },
      })
      const told = new AbortController()
      stopOnSignal(async () => {
        told.abort()
        await (await booting).stop()
      })
      const running = await booting
      // Told to stop while it booted: it opens nothing, and ends as soon as everything is closed.
      if (told.signal.aborted) return
      progress(bootReportText(running.report, running.host.i18n, locale))
      const { port, url } = chosen.includes('web') ? await running.listen() : { port: undefined, url: undefined }
      if (options.json === true) printJson({ url, port, pid: process.pid, roles: chosen, report: running.report })
      else if (url !== undefined) print(commandTexts().text(locale, 'cli.start.ready', { url }))
    })
}

function rolesOf(text: string): readonly Role[] {
  const named = text.split(',').map((role) => role.trim())
  const wrong = named.find((role) => !(roles as readonly string[]).includes(role))
  if (wrong !== undefined) throw new Fault('CLI-ROLE', { params: { role: wrong, roles: roles.join(', ') } })
  return roles.filter((role) => named.includes(role))
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Fault('CLI-PORT', { params: { port: text } })
  return port
}
