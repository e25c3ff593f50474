import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { Fault } from '../i18n/fault.js'
import { isLocale, type Locale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import { keyUseShape } from '../signing/keys/agent/protocol.js'
import type { Machine } from './agent-folder.js'
import { documentViews } from './document-view.js'
import { PageServer } from './page-server.js'
import { Pairings } from './pairings.js'
import { removeFile, writePrivateFile } from './private-file.js'
import { readRunning, removeRunning, writeRunning } from './running-file.js'
import { SigningDesk } from './signing-desk.js'
import { TerminalDesk } from './terminal-desk.js'
import { knownTokenLibraries, tokenLibraries } from './token-libraries.js'
import { Tokens } from './tokens.js'

/** How the desk runs, from the command line. */
export interface RunOptions {
  readonly folder: string
  readonly machine: Machine
  readonly texts: Translator
  readonly locale: Locale
  readonly version: string
  /** PKCS#11 libraries instead of the known ones. */
  readonly libraries: readonly string[]
  readonly keepUnlockedMinutes: number
  /** A desk without a person: both or none. */
  readonly pinFile?: string
  readonly purposes?: readonly string[]
  readonly terminal: boolean
  readonly port: number
  readonly say: (line: string) => void
  /** How often pairings are looked at. Milliseconds. */
  readonly lookMs?: number
}

/** A desk that runs. */
export interface RunningAgent {
  readonly desk: SigningDesk
  /** Address of the page with its secret; undefined in a terminal and without a person. */
  readonly url: string | undefined
  stop(): Promise<void>
}

/** @throws Fault SIGN-AGENT-UNPAIRED, SIGN-AGENT-RUNNING, SIGN-AGENT-UNATTENDED, SIGN-AGENT-LIBRARY */
export async function runAgent(options: RunOptions): Promise<RunningAgent> {
  const { folder, texts, locale, say } = options
  const running = readRunning(folder)
  if (running !== undefined) throw new Fault('SIGN-AGENT-RUNNING', { params: { pid: running.pid }, status: 409 })
  const unattended = unattendedPurposes(options)
  const kept = new Pairings(folder)
  const pairings = kept.list()
  if (pairings.length === 0) throw new Fault('SIGN-AGENT-UNPAIRED')
  const libraries = tokenLibraries(options.machine, options.libraries)
  const warn = (facts: object, message: string): void => {
    say(`${message} ${JSON.stringify(facts)}`)
  }
  const tokens = new Tokens({ libraries, pinFile: options.pinFile ?? null, warn })
  const desk = new SigningDesk({
    folder,
    pairings,
    tokens,
    software: `khatm ${options.version} ${options.machine.platform}`,
    keepUnlockedMinutes: options.keepUnlockedMinutes,
    warn,
    views: await documentViews(join(import.meta.dirname, '../../modules')),
    ...(unattended === undefined ? {} : { unattended }),
  })
  if (desk.history.brokenAt !== undefined) say(texts.text(locale, 'agent.page.history.broken', { entry: desk.history.brokenAt }))
  await desk.start()
  if (libraries.length === 0) {
    const tried = knownTokenLibraries(options.machine).flatMap(({ files }) => files)
    say([texts.text(locale, 'agent.page.tokens.nolibrary'), texts.text(locale, 'agent.cli.tried'), ...tried].join('\n  '))
  }
  const page =
    unattended === undefined && !options.terminal ? new PageServer(desk, { texts, pageTexts, locale, port: options.port }) : undefined
  const url = await page?.listen()
  const terminal = options.terminal ? new TerminalDesk(desk, { input: process.stdin, output: process.stdout }, texts, locale) : undefined
  void terminal?.offer()
  if (unattended !== undefined) say(texts.text(locale, 'agent.cli.unattended', { purposes: unattended.join(', ') }))
  // `khatm agent pair` and `unpair` beside this program write files: looked at like tokens are.
  const watch = setInterval(() => {
    try {
      desk.setPairings(kept.list())
    } catch (error) {
      warn({ code: error instanceof Fault ? error.code : 'error' }, 'pairings could not be read')
    }
  }, options.lookMs ?? 2_000)
  if (url !== undefined) writeOpener(folder, url)
  writeRunning(folder, { pid: process.pid, startedAt: new Date().toISOString(), url: url ?? null })
  return {
    desk,
    url,
    stop: async () => {
      clearInterval(watch)
      terminal?.stop()
      await page?.close()
      await desk.close()
      removeFile(openerFile(folder))
      removeRunning(folder)
    },
  }
}

/** The page that takes the browser to the desk: it holds the secret of the desk's pages, so that no command line does. */
export function openerFile(folder: string): string {
  return join(folder, 'open.html')
}

/**
 * A page that leads to the desk's page, readable by its owner alone: arguments of programs are shown to every user of a PC,
 * so that a browser must not be started with the address, which holds the secret.
 */
function writeOpener(folder: string, url: string): void {
  writePrivateFile(
    openerFile(folder),
    `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Khatm</title>\n` +
      `<a href="${url}">Khatm</a><script>location.replace(document.querySelector('a').href)</script>\n`,
  )
}

/** Opens the page in the person's browser, by way of the file that leads to it. */
export function openBrowser(folder: string, platform: NodeJS.Platform): void {
  const url = pathToFileURL(openerFile(folder)).href
  const [program, args] =
    platform === 'win32'
      ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
      : platform === 'darwin'
        ? ['open', [url]]
        : ['xdg-open', [url]]
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  // No browser here: the address is printed anyway.
  child.on('error', () => undefined)
  child.unref()
}

function unattendedPurposes({ pinFile, purposes }: RunOptions): readonly string[] | undefined {
  if (pinFile === undefined && purposes === undefined) return undefined
  const known: readonly string[] = keyUseShape.shape.purpose.options
  if (pinFile === undefined || purposes === undefined || purposes.length === 0 || purposes.some((purpose) => !known.includes(purpose))) {
    throw new Fault('SIGN-AGENT-UNATTENDED')
  }
  return purposes
}

const textFile = z.record(z.string(), z.string())

/** Texts of the page itself; faults are translated here and not there. */
export function pageTexts(locale: Locale): Readonly<Record<string, string>> {
  if (!isLocale(locale)) return {}
  const texts = textFile.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'i18n', `${locale}.json`), 'utf8')))
  return Object.fromEntries(Object.entries(texts).filter(([key]) => key.startsWith('agent.page.')))
}
