import { CommanderError, type Command } from 'commander'
import { moduleCommands } from './module-commands.js'
import { commandTexts, languageOf, progress, reportError, type GlobalOptions } from './terminal.js'
import { TranslatedCommand } from './translated-help.js'
import { languageIn, usageError } from './usage-errors.js'

/** What a command file exports. */
export interface CommandFile {
  register(program: Command): void
}

/** A verb of the command, whose code is loaded when it is called. */
export interface CommandEntry {
  readonly name: string
  load(): Promise<CommandFile>
}

/** The host's own commands. A file is read when its command is called, or for the help of all. */
const commands: readonly CommandEntry[] = [
  { name: 'start', load: () => import('./commands/start.js') },
  { name: 'modules', load: () => import('./commands/modules.js') },
  { name: 'hooks', load: () => import('./commands/hooks.js') },
  { name: 'doctor', load: () => import('./commands/doctor.js') },
  { name: 'migrate', load: () => import('./commands/migrate.js') },
  { name: 'verify', load: () => import('./commands/verify.js') },
  { name: 'certificate', load: () => import('./commands/certificate.js') },
  { name: 'trust', load: () => import('./commands/trust.js') },
  { name: 'keys', load: () => import('./commands/keys.js') },
  { name: 'sign', load: () => import('./commands/sign.js') },
  { name: 'signer', load: () => import('./commands/signer.js') },
  { name: 'agent', load: () => import('./commands/agent.js') },
  { name: 'audit', load: () => import('./commands/audit.js') },
]

/**
 * Runs one command line. Sets the exit code; prints faults in the language of `--lang` or the shell.
 * @param start.staleBuild a build lies beside these sources that was made of others, so that it is not the one that runs
 */
export async function runCommandLine(argv: readonly string[], start: { readonly staleBuild?: boolean } = {}): Promise<void> {
  if (start.staleBuild === true) progress(commandTexts().text(languageOf(languageIn(argv)), 'cli.build.stale'))
  const program = await readCommands(argv)

  try {
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
    else reportError(error, program.opts<GlobalOptions>())
  }
}

/**
 * The program with the commands that the command line names, or with all of them. Needs no configuration and loads no module.
 * @param argv its `--lang` is the language of help, else the shell's
 */
export async function readCommands(argv: readonly string[]): Promise<Command> {
  const program = new TranslatedCommand('khatm', languageOf(languageIn(argv)))
    .description('cli.help.khatm')
    .option('--data <folder>', 'cli.help.option.data')
    .option('--json', 'cli.help.option.json')
    .option('--lang <language>', 'cli.help.option.lang')
    .showHelpAfterError()
    .exitOverride()
  program.configureOutput({
    writeErr: (text) => process.stderr.write(text),
    outputError: (text, write) => {
      write(usageError(text, argv))
    },
  })

  // The program takes its options wherever they stand; a command that names one of them itself finds it too.
  program.hook('preAction', (all, command) => {
    for (const [name, value] of Object.entries(all.opts())) command.setOptionValue(name, value)
  })

  const known = [...commands, ...(await moduleCommands())]
  const wanted = known.filter((entry) => argv.includes(entry.name))
  for (const entry of wanted.length > 0 ? wanted : known) (await entry.load()).register(program)
  for (const command of program.commands) command.exitOverride()
  return program
}

if (import.meta.filename === process.argv[1]) await runCommandLine(process.argv.slice(2))
