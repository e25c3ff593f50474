import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Fault } from '../core/i18n/fault.js'
import { configurationSchema, type Configuration } from './schema.js'

/** A part of the configuration, at any depth; lists are replaced as a whole. */
export type ConfigurationPart<Whole = Configuration> = {
  readonly [Key in keyof Whole]?: Whole[Key] extends readonly unknown[] | null
    ? Whole[Key]
    : Whole[Key] extends object
      ? ConfigurationPart<Whole[Key]>
      : Whole[Key]
}

export interface ConfigurationSources {
  /** What the command line says; wins over everything. */
  readonly overrides?: ConfigurationPart
  /** `process.env` unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

type Tree = Record<string, unknown>

/** Secrets that were taken out of this process's environment, for the next reading of the configuration. */
const withheld = new Map<string, string>()

/** `process.env` as the process was started with it. Its secrets are taken out of it: no child inherits them. */
function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  for (const { name, secret } of environmentNames) {
    const value = secret === true ? process.env[name] : undefined
    if (value === undefined) continue
    withheld.set(name, value)
    // Assigning `undefined` would leave the word; only delete takes a variable away.
    delete process.env[name]
  }
  return { ...process.env, ...Object.fromEntries(withheld) }
}

/**
 * The configuration of this process: `config/default.json`, then `khatm.json` in the data folder, then the environment,
 * then the overrides. `dataDir` comes back absolute.
 * @throws Fault CONFIG-FILE (unreadable or no JSON), CONFIG-INVALID naming the field and where its value came from
 */
export function loadConfiguration(sources: ConfigurationSources = {}): Configuration {
  const environment = sources.environment ?? ownEnvironment()
  const defaultFile = join(import.meta.dirname, 'default.json')
  const defaults = readJson(defaultFile) ?? {}
  const fromEnvironment = environmentTree(environment)
  const overrides = withoutUndefined({ ...sources.overrides })

  // The data folder may not be moved by a file that lies in it.
  const dataDir = resolve(textOf(overrides.dataDir) ?? textOf(fromEnvironment.dataDir) ?? textOf(defaults.dataDir) ?? 'data')
  const file = join(dataDir, 'khatm.json')
  const { dataDir: _ignored, ...fromFile } = readJson(file) ?? {}

  const merged = [fromFile, fromEnvironment, overrides].reduce(merge, defaults)
  const parsed = configurationSchema.strict().safeParse({ ...merged, dataDir })
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map((issue) => ({
    code: 'CONFIG-INVALID',
    path: issue.path.join('.'),
    params: {
      field: issue.path.join('.') || (issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : '-'),
      reason: issue.message,
      source: sourceOf(issue.path, [
        ['command line', overrides],
        ['environment', fromEnvironment],
        [file, fromFile],
        [defaultFile, defaults],
      ]),
    },
  }))
  throw new Fault('CONFIG-INVALID', { params: details[0]?.params, path: details[0]?.path, details })
}

const environmentNames: readonly {
  readonly name: string
  readonly path: readonly [string, ...string[]]
  readonly number?: true
  readonly secret?: true
}[] = [
  { name: 'DATABASE_URL', path: ['database', 'url'] },
  { name: 'KHATM_DATA', path: ['dataDir'] },
  { name: 'KHATM_PORT', path: ['port'], number: true },
  { name: 'KHATM_LISTEN', path: ['listen'] },
  { name: 'KHATM_PUBLIC_URL', path: ['publicUrl'] },
  { name: 'KHATM_SMTP_PASSWORD', path: ['smtp', 'password'], secret: true },
  { name: 'KHATM_MASTER_KEY', path: ['signing', 'masterKey'], secret: true },
  { name: 'KHATM_SANDBOX_URL', path: ['sandbox', 'url'] },
  { name: 'KHATM_TSA_URL', path: ['signing', 'timeStampUrl'] },
  { name: 'KHATM_LOG', path: ['logLevel'] },
]

function environmentTree(environment: Readonly<Record<string, string | undefined>>): Tree {
  let tree: Tree = {}
  const set = (path: readonly string[], value: unknown): void => {
    tree = merge(
      tree,
      path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree, // a path of at least one key makes an object
    )
  }
  // Before the others: a password in a variable of its own wins over one in the address.
  const smtp = environment.KHATM_SMTP_URL
  if (smtp !== undefined && smtp !== '') set(['smtp'], smtpTree(smtp))
  for (const { name, path, number } of environmentNames) {
    const value = environment[name]
    // An empty variable is how shells and compose files say "not set".
    if (value === undefined || value === '') continue
    set(path, number === true && /^\d+$/.test(value) ? Number(value) : value)
  }
  return tree
}

/** `smtp://user@host:587` or `smtps://host:465`; a password in it is taken too. */
function smtpTree(text: string): Tree {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    throw new Fault('CONFIG-INVALID', {
      path: 'smtp',
      params: { field: 'KHATM_SMTP_URL', reason: 'smtp://[user[:password]@]host[:port]', source: 'environment' },
    })
  }
  const secure = url.protocol === 'smtps:'
  return {
    host: url.hostname,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
  }
}

function readJson(file: string): Tree | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Fault('CONFIG-FILE', { params: { file, reason: error instanceof Error ? error.message : String(error) }, cause: error })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (isTree(value)) return value
  } catch (error) {
    throw new Fault('CONFIG-FILE', { params: { file, reason: error instanceof Error ? error.message : String(error) }, cause: error })
  }
  throw new Fault('CONFIG-FILE', { params: { file, reason: 'not a JSON object' } })
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function merge(base: Tree, over: Tree): Tree {
  const merged: Tree = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isTree(below) && isTree(value) ? merge(below, value) : value
  }
  return merged
}

function withoutUndefined(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, isTree(value) ? withoutUndefined(value) : value]),
  )
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function sourceOf(path: readonly PropertyKey[], sources: readonly (readonly [string, Tree])[]): string {
  for (const [name, tree] of sources) {
    let value: unknown = tree
    for (const key of path) value = isTree(value) ? value[String(key)] : undefined
    if (value !== undefined) return name
  }
  return '-'
}
