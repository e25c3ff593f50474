import type { Command } from 'commander'
import { configurationOf, faultLines, languageOf, print, printJson, progress, type GlobalOptions } from '../terminal.js'

/** `khatm hooks`: every point, its kind, its owner, and who listens. */
export function register(program: Command): void {
  program
    .command('hooks')
    .description('cli.help.hooks')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const { loadModules } = await import('../../host/load-modules.js')
      const loaded = await loadModules(configurationOf(command))
      const points = [...loaded.points().values()]
        .map(({ name, kind, owner, listeners }) => ({ name, kind, owner, listeners: listeners.map((listener) => listener.module) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      if (options.json === true) printJson(points)
      else {
        const width = Math.max(...points.map((point) => point.name.length))
        for (const point of points) {
          print(`${point.name.padEnd(width)}  ${point.kind.padEnd(9)}  ${point.owner} ← ${[...new Set(point.listeners)].join(', ') || '-'}`)
        }
      }
      const faults = loaded.describe().flatMap((module) => (module.fault === undefined ? [] : [module.fault]))
      for (const line of faultLines(faults, languageOf(options.lang))) progress(line)
      if (faults.length > 0) process.exitCode = 1
    })
}
