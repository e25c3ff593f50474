import type { Command } from 'commander'
import { moduleLine } from '../../host/boot-report.js'
import type { LoadedModule } from '../../host/module.js'
import { commandTexts, configurationOf, languageOf, print, printJson, type GlobalOptions } from '../terminal.js'
import { withHost } from '../with-host.js'

interface CompanyOption extends GlobalOptions {
  readonly company: string
}

/** `khatm modules`: what is installed here, and which of it a company uses. */
export function register(program: Command): void {
  const modules = program.command('modules').description('cli.help.modules')
  modules
    .command('list', { isDefault: true })
    .description('cli.help.modules.list')
    .option('--company <code>', 'cli.help.option.company')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<Partial<CompanyOption>>()
      const locale = languageOf(options.lang)
      const { company } = options
      const { list, enabled } = company === undefined ? await installed(command) : await ofCompany(command, company)
      if (options.json === true) {
        printJson(list.map((module) => ({ ...module, ...(enabled === undefined ? {} : { enabled: enabled.has(module.name) }) })))
      } else {
        const width = Math.max(...list.map((module) => module.name.length), 6)
        for (const module of list) {
          const use = enabled === undefined ? '' : enabled.has(module.name) ? '[x] ' : '[ ] '
          print(`${use}${moduleLine(module, commandTexts(), locale, width)}`)
        }
      }
      if (list.some((module) => module.state === 'failed')) process.exitCode = 1
    })
  for (const verb of ['enable', 'disable'] as const) {
    modules
      .command(`${verb} <module>`)
      .description(verb === 'enable' ? 'cli.help.modules.enable' : 'cli.help.modules.disable')
      .requiredOption('--company <code>', 'cli.help.option.company')
      .action(async (module: string, _options: object, command: Command) => {
        const options = command.optsWithGlobals<CompanyOption>()
        const enabled = await withHost(command, async ({ host }) => {
          const { id } = await host.access.companyByCode(options.company)
          await host.modules[verb](await host.access.systemContext(id, 'cli'), module)
          return [...(await host.modules.enabledFor(id))].sort()
        })
        if (options.json === true) printJson({ company: options.company, enabled })
        else print(...enabled)
      })
  }
}

interface Listing {
  readonly list: readonly LoadedModule[]
  readonly enabled?: ReadonlySet<string>
}

async function installed(command: Command): Promise<Listing> {
  const { loadModules } = await import('../../host/load-modules.js')
  return { list: (await loadModules(configurationOf(command))).describe() }
}

function ofCompany(command: Command, code: string): Promise<Listing> {
  return withHost(command, async ({ host }) => {
    const { id } = await host.access.companyByCode(code)
    return { list: host.modules.list(), enabled: await host.modules.enabledFor(id) }
  })
}
