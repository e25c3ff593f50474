import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import semver from 'semver'
import { z } from 'zod'
import type { Configuration } from '../../config/schema.js'
import { bootHost } from '../host/boot.js'
import { Fault, type FaultDetail, type FaultParameters } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import { CscKeyProvider } from '../signing/keys/csc/csc-provider.js'
import { pinIsThere } from '../signing/keys/pkcs11/pin-source.js'
import { masterKeyState } from '../signing/keys/software/rotate-master-key.js'
import type { Translator } from '../i18n/translator.js'
import { installation } from './terminal.js'

/** One thing looked at. `stopped`: something cannot work; `warning`: it works, with less than it could. */
export interface Finding {
  readonly check: string
  readonly state: 'ready' | 'warning' | 'stopped'
  readonly text: string
  readonly remedy?: string
}

/** Looks at everything the host stands on, in the order a person would mend it. Changes nothing in an existing database. */
export async function examine(config: Configuration, texts: Translator, locale: Locale): Promise<readonly Finding[]> {
  const say = (state: Finding['state'], check: string, params: FaultParameters = {}): Finding => ({
    check,
    state,
    text: texts.text(locale, `doctor.${check}.${state === 'ready' ? 'ready' : 'lacking'}`, params),
    ...(state === 'ready' ? {} : { remedy: texts.text(locale, `doctor.${check}.remedy`, params) }),
  })
  const when = (ready: boolean, otherwise: 'warning' | 'stopped', check: string, params?: FaultParameters): Finding =>
    say(ready ? 'ready' : otherwise, check, params)

  return [
    when(semver.gte(process.version, neededNode()), 'stopped', 'node', { found: process.version, needed: neededNode() }),
    when(isWritable(config.dataDir), 'stopped', 'data', { folder: config.dataDir }),
    masterKey(config, say),
    when(fontsPresent(), 'stopped', 'fonts'),
    ...tokens(config, when),
    config.smtp.host === null
      ? say('warning', 'mail')
      : when(await answers(config.smtp.host, config.smtp.port), 'warning', 'mail-server', {
          host: config.smtp.host,
          port: config.smtp.port,
        }),
    await timeStamps(config, say),
    ...(await remoteServices(config, texts, locale, say)),
    ...(await hostFindings(config, texts, locale, say)),
  ]
}

type Say = (state: Finding['state'], check: string, params?: FaultParameters) => Finding
type When = (ready: boolean, otherwise: 'warning' | 'stopped', check: string, params?: FaultParameters) => Finding

const packageFile = z.object({ engines: z.object({ node: z.string() }) })

function neededNode(): string {
  const { engines } = packageFile.parse(JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')))
  return semver.minVersion(engines.node)?.version ?? '20.19.0'
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** A key that is wrong stops every software key; one that lies beside the data must at least be closed to others. */
function masterKey(config: Configuration, say: Say): Finding {
  const { masterKey: configured } = config.signing
  if (configured !== null) {
    return say(Buffer.from(configured, 'base64').length === 32 ? 'ready' : 'stopped', 'master-key')
  }
  const file = join(config.dataDir, 'master.key')
  if (!existsSync(file)) return say('ready', 'master-key-file', { file })
  const open = process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
  return say(open ? 'stopped' : 'ready', 'master-key-file', { file })
}

function fontsPresent(): boolean {
  const require = createRequire(import.meta.url)
  return ['noto-sans', 'noto-sans-arabic', 'noto-naskh-arabic'].every((name) => {
    try {
      return require.resolve(`@expo-google-fonts/${name}/package.json`) !== ''
    } catch {
      return false
    }
  })
}

function tokens(config: Configuration, when: When): readonly Finding[] {
  return config.signing.pkcs11.flatMap((token) => {
    const params = { name: token.name, library: token.library }
    const pin = (token.pinFile !== null && existsSync(token.pinFile)) || pinIsThere(token)
    return [when(existsSync(token.library), 'stopped', 'token-library', params), when(pin, 'stopped', 'token-pin', params)]
  })
}

async function timeStamps(config: Configuration, say: Say): Promise<Finding> {
  const { timeStampUrl } = config.signing
  if (timeStampUrl === null) return say('warning', 'time-stamp')
  const url = URL.canParse(timeStampUrl) ? new URL(timeStampUrl) : undefined
  const port = Number(url?.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url?.port)
  const reachable = url !== undefined && (await answers(url.hostname, port))
  return say(reachable ? 'ready' : 'stopped', 'time-stamp-server', { url: timeStampUrl })
}

/** Every remote signing service is logged in to and asked for what it offers; no key is used. */
async function remoteServices(config: Configuration, texts: Translator, locale: Locale, say: Say): Promise<readonly Finding[]> {
  const provider = new CscKeyProvider(config.signing.csc, { timeoutMs: 5000 })
  const findings: Finding[] = []
  for (const { name } of config.signing.csc) {
    try {
      const count = (await provider.credentials(name)).filter((credential) => credential.enabled).length
      findings.push(say(count > 0 ? 'ready' : 'warning', 'remote-signing', { name, count }))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const remedy = texts.text(locale, 'doctor.remote-signing.remedy', { name })
      findings.push({ check: 'remote-signing', state: 'stopped', text: faultText(error, texts, locale), remedy })
    }
  }
  await provider.close()
  return findings
}

/** Whether something accepts a connection there within three seconds. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 3000 })
    const end = (answered: boolean) => () => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false))
  })
}

/** Database, modules and what companies lack. A database that was never made is not made by looking at it. */
async function hostFindings(config: Configuration, texts: Translator, locale: Locale, say: Say): Promise<readonly Finding[]> {
  const isNew =
    config.database.url === null && !['postgresql', 'postgresql-location.json'].some((name) => existsSync(join(config.dataDir, name)))
  if (isNew) return [say('warning', 'database-new', { folder: config.dataDir })]
  try {
    const running = await bootHost(config, { migrate: false })
    try {
      const { host } = running
      const failed = host.modules.list().filter((module) => module.fault !== undefined)
      const findings: Finding[] = [say('ready', 'database', { kind: running.database.kind })]
      for (const { name, fault } of failed) {
        if (fault === undefined) continue
        const remedy = texts.text(locale, 'doctor.module-failed.remedy', { name })
        findings.push({ check: `module ${name}`, state: 'stopped', text: faultText(fault, texts, locale), remedy })
      }
      const state = await masterKeyState(host.db, config)
      const { current, next, held } = state
      if (next !== undefined) findings.push(say('warning', 'master-key-rotation', { id: next }))
      if (current !== undefined) {
        findings.push(say(held.includes(current) ? 'ready' : 'stopped', 'master-key-held', { id: current, held: held.join(', ') }))
      }
      const behind = host.modules.list().filter((module) => module.state === 'upgrading')
      if (behind.length > 0) findings.push(say('stopped', 'modules', { names: behind.map((module) => module.name).join(', ') }))
      else if (failed.length === 0) findings.push(say('ready', 'modules', { count: host.modules.list().length }))
      const companies = await host.access.companies()
      findings.push(
        ...(await sandboxFindings(
          config,
          companies.filter((company) => company.sandbox).map((company) => company.code),
          say,
        )),
      )
      for (const company of companies) {
        const context = await host.access.systemContext(company.id, 'cli')
        const lacking = await host.db.company(company.id, (transaction) =>
          host.hooks.collect('readiness', { company }, { context, transaction }),
        )
        for (const { code, ready, soon, text, remedy } of lacking) {
          const check = `${company.code} ${code}`
          const line = `${company.code}: ${text[locale]}`
          if (ready && soon !== true) findings.push({ check, state: 'ready', text: line })
          else findings.push({ check, state: ready ? 'warning' : 'stopped', text: line, remedy: remedy[locale] })
        }
      }
      return findings
    } finally {
      await running.stop()
    }
  } catch (error) {
    const fault =
      error instanceof Fault ? error : { code: 'HOST-BOOT', params: { reason: error instanceof Error ? error.message : String(error) } }
    return [
      { check: 'database', state: 'stopped', text: faultText(fault, texts, locale), remedy: texts.text(locale, 'doctor.database.remedy') },
    ]
  }
}

/** Companies that practise: with authorities of their own process, or with the sandbox of another, which must answer. */
async function sandboxFindings(config: Configuration, codes: readonly string[], say: Say): Promise<readonly Finding[]> {
  if (codes.length === 0) return []
  const names = codes.join(', ')
  const { url } = config.sandbox
  if (url === null) return [say('warning', 'sandbox', { names })]
  const address = URL.canParse(url) ? new URL(url) : undefined
  const reachable = address !== undefined && (await answers(address.hostname, Number(address.port === '' ? 80 : address.port)))
  return [say(reachable ? 'ready' : 'stopped', 'sandbox-server', { url, names })]
}

function faultText(fault: FaultDetail, texts: Translator, locale: Locale): string {
  return `${fault.code} ${texts.fault(locale, fault)}`
}
