import type { Command } from 'commander'
import { print, printJson, progress, type GlobalOptions } from './terminal.js'
import { withHost } from './with-host.js'

/** `khatm keys rotate-master`: everything wrapped with the master key is wrapped with another; broken off, it goes on where it stopped. */
export function addRotateMaster(keys: Command): void {
  keys
    .command('rotate-master')
    .description('cli.help.keys.rotate-master')
    .requiredOption('--new-key-file <file>', 'cli.help.keys.rotate-master.new-key-file')
    .action(async (options: { newKeyFile: string }, command: Command) => {
      await withHost(command, async ({ host }) => {
        const { rotateMasterKey } = await import('../signing/keys/software/rotate-master-key.js')
        const { readMasterKeyFile } = await import('../signing/keys/software/master-key.js')
        const companies = await host.access.companies()
        const contexts = new Map(
          await Promise.all(companies.map(async ({ id }) => [id, await host.access.systemContext(id, 'cli')] as const)),
        )
        const result = await rotateMasterKey({
          database: host.db,
          place: host.config,
          companies: companies.map(({ id }) => id),
          newKey: readMasterKeyFile(options.newKeyFile),
          now: () => host.now(),
          others: async (transaction, rewrap) => {
            const context = contexts.get(transaction.companyId)
            if (context === undefined) return 0
            const counts = await host.hooks.collect('secrets.rewrap', { rewrap }, { context, transaction })
            return counts.reduce((sum, count) => sum + count, 0)
          },
          onProgress: (company, rewrapped) => {
            progress(`${companies.find(({ id }) => id === company)?.code ?? company}: ${rewrapped}`)
          },
        })
        if (command.optsWithGlobals<GlobalOptions>().json === true) printJson(result)
        else {
          print(`master key ${result.id}: ${result.rewrapped} secrets wrapped anew`)
          if (result.retiredFile !== undefined) print(`the old key lies in ${result.retiredFile}; backups made before need it`)
          else print('set KHATM_MASTER_KEY to the new key; then master.key.next can be removed from the data folder')
        }
      })
    })
}
