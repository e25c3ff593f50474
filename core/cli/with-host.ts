import type { Command } from 'commander'
import type { ConfigurationPart } from '../../config/load.js'
import type { BootOptions, RunningHost } from '../host/boot.js'
import { commandTexts, configurationOf, languageOf, progress, type GlobalOptions } from './terminal.js'

/**
 * Runs a command's work on a host of its own and stops it afterwards, also when the command is interrupted. The heavy
 * parts are read only now. Failed modules are named on standard error before the work begins.
 */
export async function withHost<Result>(
  command: Command,
  work: (running: RunningHost) => Promise<Result>,
  options: BootOptions & { readonly overrides?: ConfigurationPart } = {},
): Promise<Result> {
  const { bootHost } = await import('../host/boot.js')
  const booting = bootHost(configurationOf(command, { logLevel: 'warn', ...options.overrides }), options)
  // Interrupted while it boots, the host is stopped as soon as it stands: the embedded database is not left behind.
  const forget = stopOnSignal(async () => (await booting).stop())
  const running = await booting.catch((error: unknown) => {
    forget()
    throw error
  })
  try {
    const locale = languageOf(command.optsWithGlobals<GlobalOptions>().lang)
    for (const { fault } of running.report.modules)
      if (fault !== undefined) progress(`${fault.code} ${commandTexts().fault(locale, fault)}`)
    return await work(running)
  } finally {
    forget()
    await running.stop()
  }
}

/**
 * SIGINT and SIGTERM stop the host cleanly; a second one, or ten seconds, ends the process at once.
 * @returns takes the handlers away again
 */
export function stopOnSignal(stop: () => Promise<void>): () => void {
  let asked = false
  const handler = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGINT' ? 130 : 143
    if (asked) process.exit(code)
    asked = true
    setTimeout(() => process.exit(code), 10_000).unref()
    stop().then(
      () => process.exit(code),
      (error: unknown) => {
        progress(String(error))
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  return () => {
    process.off('SIGINT', handler)
    process.off('SIGTERM', handler)
  }
}
