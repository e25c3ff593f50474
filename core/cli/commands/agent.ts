import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { Fault } from '../../i18n/fault.js'
import type { Locale } from '../../i18n/locale.js'
import { commandTexts, installation, languageOf, print, printJson, progress, type GlobalOptions } from '../terminal.js'
import { stopOnSignal } from '../with-host.js'

interface AgentOptions extends GlobalOptions {
  readonly folder?: string
  readonly name?: string
  readonly authority?: string
  readonly insecure?: boolean
  readonly library?: readonly string[]
  readonly keepUnlocked?: string
  readonly pinFile?: string
  readonly purposes?: string
  readonly terminal?: boolean
  readonly open?: boolean
  readonly port?: string
}

/** `khatm agent`: the program on the PC that holds the token. It opens no database and no host. */
export function register(program: Command): void {
  const agent = program.command('agent').description('cli.help.agent').option('--folder <folder>', 'cli.help.agent.folder')
  running(agent.command('run', { isDefault: true }).description('cli.help.agent.run'))
  addPair(agent)
  addStatus(agent)
  addUnpair(agent)
  addService(agent)
}

function addPair(agent: Command): void {
  agent
    .command('pair <host> <code>')
    .description('cli.help.agent.pair')
    .option('--name <name>', 'cli.help.agent.pair.name')
    .option('--authority <file>', 'cli.help.agent.pair.authority')
    .option('--insecure', 'cli.help.agent.pair.insecure')
    .action(async (host: string, code: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<AgentOptions>()
      const { pairWithHost, Pairings, publicKeyOfPairing } = await import('../../agent/pairings.js')
      const { fingerprint } = await import('../../signing/keys/agent/protocol.js')
      const { History } = await import('../../agent/history.js')
      const folder = await folderOf(options)
      const pairings = new Pairings(folder)
      const pairing = await pairWithHost(host, code, {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.authority === undefined ? {} : { authority: textIn(options.authority) }),
        plain: options.insecure === true,
      })
      pairings.add(pairing)
      new History(folder, () => new Date()).add('paired', { company: pairing.companyId, host: pairing.url })
      const keys = { host: fingerprint(Buffer.from(pairing.hostKey, 'base64')), desk: fingerprint(publicKeyOfPairing(pairing)) }
      if (options.json === true) printJson({ agentId: pairing.agentId, company: pairing.company.name, url: pairing.url, ...keys })
      else {
        const locale = languageOf(options.lang)
        const { name, nameAr } = pairing.company
        print(commandTexts().text(locale, 'agent.cli.paired', { company: locale === 'ar' ? (nameAr ?? name) : name }))
        print(commandTexts().text(locale, 'agent.cli.compare', keys))
      }
    })
}

function addStatus(agent: Command): void {
  agent
    .command('status')
    .description('cli.help.agent.status')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<AgentOptions>()
      const { Pairings } = await import('../../agent/pairings.js')
      const { readRunning } = await import('../../agent/running-file.js')
      const { tokenLibraries } = await import('../../agent/token-libraries.js')
      const folder = await folderOf(options)
      const running = readRunning(folder)
      const pairings = new Pairings(folder)
        .list()
        .map(({ agentId, company, url, name, pairedAt }) => ({ agentId, company: company.name, url, name, pairedAt }))
      const libraries = tokenLibraries(machine(), []).map(({ title, file }) => ({ title, file }))
      if (options.json === true) {
        printJson({
          folder,
          running: running === undefined ? null : { pid: running.pid, startedAt: running.startedAt },
          pairings,
          libraries,
        })
        return
      }
      const texts = commandTexts()
      const locale = languageOf(options.lang)
      print(
        `khatm agent: ${running === undefined ? texts.text(locale, 'agent.cli.stopped') : texts.text(locale, 'agent.cli.running', { pid: running.pid })}`,
      )
      for (const { agentId, company, url, name } of pairings) print(`${agentId} ${company} ${url} (${name})`)
      for (const { title, file } of libraries) print(`${title}: ${file}`)
    })
}

function addUnpair(agent: Command): void {
  agent
    .command('unpair <agent>')
    .description('cli.help.agent.unpair')
    .action(async (id: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<AgentOptions>()
      const { Pairings } = await import('../../agent/pairings.js')
      const { History } = await import('../../agent/history.js')
      const folder = await folderOf(options)
      const pairings = new Pairings(folder)
      const pairing = pairings.list().find(({ agentId }) => agentId === id)
      if (pairing === undefined) throw new Fault('SIGN-AGENT-UNKNOWN', { status: 404 })
      const { leaveHost } = await import('../../agent/leave-host.js')
      const { hostVersion } = await import('../../host/version.js')
      const told = await leaveHost(pairing, `khatm ${hostVersion} ${process.platform}`)
      pairings.remove(id)
      new History(folder, () => new Date()).add('unpaired', { company: pairing.companyId, host: pairing.url })
      const company = pairing.company.name
      if (options.json === true) printJson({ agentId: id, company, hostTold: told })
      else print(commandTexts().text(languageOf(options.lang), told ? 'agent.cli.unpaired' : 'agent.cli.unpaired-here', { company }))
    })
}

function addService(agent: Command): void {
  agent
    .command('service')
    .description('cli.help.agent.service')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<AgentOptions>()
      const { serviceFile } = await import('../../agent/service-files.js')
      const folder = options.folder === undefined ? [] : ['--folder', options.folder]
      const made = serviceFile({
        platform: process.platform,
        command: [process.execPath, join(installation, 'bin', 'khatm.mjs'), 'agent', ...folder, 'run', '--no-open'],
      })
      if (options.json === true) printJson(made)
      else print(made.text.trimEnd())
      if (options.json !== true) progress(`${made.file}\n${made.enable}`)
    })
}

/** @throws Fault VERIFY-FILE-MISSING */
function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Fault('VERIFY-FILE-MISSING', { params: { file }, cause: error })
  }
}

function running(command: Command): void {
  command
    .option('--library <file...>', 'cli.help.agent.run.library')
    .option('--keep-unlocked <minutes>', 'cli.help.agent.run.keep-unlocked', '0')
    .option('--terminal', 'cli.help.agent.run.terminal')
    .option('--no-open', 'cli.help.agent.run.no-open')
    .option('--port <number>', 'cli.help.agent.run.port', '0')
    .option('--pin-file <file>', 'cli.help.agent.run.pin-file')
    .option('--purposes <list>', 'cli.help.agent.run.purposes')
    .action(async (_options: object, own: Command) => {
      const options = own.optsWithGlobals<AgentOptions>()
      const { openBrowser, runAgent } = await import('../../agent/run-agent.js')
      const locale: Locale = languageOf(options.lang)
      const texts = commandTexts()
      const { hostVersion } = await import('../../host/version.js')
      const folder = await folderOf(options)
      const starting = runAgent({
        folder,
        machine: machine(),
        texts,
        locale,
        version: hostVersion,
        libraries: options.library ?? [],
        keepUnlockedMinutes: numberOf(options.keepUnlocked, 0, 480),
        terminal: options.terminal === true,
        port: numberOf(options.port, 0, 65_535),
        say: progress,
        ...(options.pinFile === undefined ? {} : { pinFile: options.pinFile }),
        ...(options.purposes === undefined ? {} : { purposes: options.purposes.split(',').map((purpose) => purpose.trim()) }),
      })
      stopOnSignal(async () => (await starting).stop())
      const { url } = await starting
      if (options.json === true) printJson({ pid: process.pid, url: url ?? null })
      else if (url !== undefined) print(texts.text(locale, 'agent.cli.opened', { url }))
      if (url !== undefined && options.open !== false && options.json !== true) openBrowser(folder, process.platform)
    })
}

function machine(): { platform: NodeJS.Platform; environment: NodeJS.ProcessEnv; home: string } {
  return { platform: process.platform, environment: process.env, home: homedir() }
}

async function folderOf(options: AgentOptions): Promise<string> {
  const { agentFolder, prepareFolder } = await import('../../agent/agent-folder.js')
  const folder = options.folder ?? agentFolder(machine())
  prepareFolder(folder)
  return folder
}

function numberOf(text: string | undefined, least: number, most: number): number {
  const value = Number(text ?? least)
  if (!Number.isInteger(value) || value < least || value > most) throw new Fault('CLI-PORT', { params: { port: text ?? '' } })
  return value
}
