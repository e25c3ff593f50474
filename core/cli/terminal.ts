import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { loadConfiguration, type ConfigurationPart } from '../../config/load.js'
import type { Configuration } from '../../config/schema.js'
import { coreTextFolders, createTranslator } from '../i18n/create-translator.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { isLocale, type Locale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'

/** Options that every command understands, before or after its name. */
export interface GlobalOptions {
  readonly data?: string
  readonly json?: boolean
  readonly lang?: string
}

/** The folder of this installation: where package.json, modules and templates lie. */
export const installation = join(import.meta.dirname, '../..')

/** Language of messages: `--lang`, else the shell's (`LC_ALL`, `LC_MESSAGES`, `LANG`), else English. */
export function languageOf(lang: string | undefined, environment: Readonly<Record<string, string | undefined>> = process.env): Locale {
  const wanted =
    lang ?? [environment.LC_ALL, environment.LC_MESSAGES, environment.LANG].find((value) => value !== undefined && value !== '')
  const code = (wanted ?? '').slice(0, 2).toLowerCase()
  return isLocale(code) ? code : 'en'
}

let known: Translator | undefined

/** Texts of the host and of every first-party module, read without loading a module. */
export function commandTexts(): Translator {
  if (known !== undefined) return known
  const modules = join(installation, 'modules')
  const names = readdirSync(modules, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const folders = names.map((entry) => ({ owner: entry.name, folder: join(modules, entry.name, 'i18n') }))
  known = createTranslator([...coreTextFolders(), ...folders]).translator
  return known
}

/** Configuration of a command: the usual sources, `--data`, and what the command itself decides. */
export function configurationOf(command: Command, overrides: ConfigurationPart = {}): Configuration {
  const { data } = command.optsWithGlobals<GlobalOptions>()
  return loadConfiguration({ overrides: { ...overrides, ...(data === undefined ? {} : { dataDir: data }) } })
}

/** The command's answer: one JSON value on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Lines of the command's answer for people. */
export function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}

/** What happens meanwhile: standard error, so that the answer can be piped. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Faults in the reader's language with their codes; one line each, the place first. */
export function faultLines(faults: readonly FaultDetail[], locale: Locale): readonly string[] {
  return faults.map((fault) => {
    const place = fault.path === undefined ? '' : `${fault.path}: `
    return `${fault.code} ${place}${commandTexts().fault(locale, fault)}`
  })
}

/** Tells an error to the person at the terminal and to the program behind it. Exit code 1, or 2 when the set-up is wrong. */
export function reportError(error: unknown, options: GlobalOptions): void {
  const locale = languageOf(options.lang)
  const details = error instanceof Fault ? error.details : [unexpected(error)]
  if (options.json === true) {
    const texts = commandTexts()
    printJson({ faults: details.map((fault) => ({ ...fault, message: texts.fault(locale, fault) })) })
  }
  for (const line of faultLines(details, locale)) progress(line)
  if (!(error instanceof Fault) && error instanceof Error && process.env.KHATM_LOG === 'debug') progress(error.stack ?? '')
  process.exitCode = error instanceof Fault && error.code.startsWith('CONFIG-') ? 2 : 1
}

/** What no command expected; a file that was named and cannot be read is the commonest, and no riddle. */
export function unexpected(error: unknown): FaultDetail {
  if (error instanceof Error && 'code' in error && 'path' in error && unreadable.has(String(error.code))) {
    return { code: 'CLI-FILE-UNREADABLE', params: { file: String(error.path), reason: String(error.code) } }
  }
  return { code: 'CLI-UNEXPECTED', params: { reason: error instanceof Error ? error.message : String(error) } }
}

/** Of Node.js file operations: nothing there, no right to it, a folder. */
const unreadable: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR'])
