import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Configuration } from '../../config/schema.js'
import type { AccessService } from '../access/create-access.js'
import type { OpenDatabase } from '../db/open-database.js'
import { HookRegistry, type NotifyJob } from '../hooks/registry.js'
import { coreTextFolders, createTranslator } from '../i18n/create-translator.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { withholdPins } from '../signing/keys/pkcs11/pin-source.js'
import type { Translator } from '../i18n/translator.js'
import type { BootReport } from './boot-report.js'
import { CompanyModules } from './company-modules.js'
import { createModuleSettings } from './create-module-settings.js'
import { faultOf, installationRoot, loadModules, type LoadedModules } from './load-modules.js'
import { createLogger, type Logger } from './logger.js'
import type { Host, LocalAuthorities } from './module.js'
import { readModuleStates, recordModuleVersions } from './module-versions.js'
import { lateHost, refuseService } from './not-running-host.js'
import { startServices, type Services } from './services.js'

/** How a host starts. */
export interface BootOptions {
  /** What this process does: answers pages, runs jobs. Neither unless told: a command that uses the services itself. */
  readonly role?: { readonly web?: boolean; readonly worker?: boolean }
  /** The clock; tests set it. */
  readonly now?: () => Date
  /** Run what is new in `migrations`. Default true. */
  readonly migrate?: boolean
  readonly modulesDir?: string
  /** Start the sandbox authorities even when no company of the sandbox exists yet (the demonstration makes some). */
  readonly sandbox?: boolean
  readonly onProgress?: (step: string) => void
  readonly logger?: Logger
}

/** A host that stands. */
export interface RunningHost {
  readonly host: Host
  readonly report: BootReport
  readonly loaded: LoadedModules
  /** The database with its upkeep connection: for the host's own commands, not for modules. */
  readonly database: OpenDatabase
  readonly access: AccessService
  /** Stand-ins for authorities that this process started; undefined when none were needed. */
  readonly authorities: LocalAuthorities | undefined
  /** Opens the web server (role `web`). @throws Fault HTTP-PORT-TAKEN when the port is taken, HTTP-STOPPING (503) once it was told to stop */
  listen(): Promise<{ readonly port: number; readonly url: string }>
  /** Stops taking requests, lets running jobs end, closes everything. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the host: modules, database, migrations, services. A module that fails at any step is kept as failed with its
 * fault, together with those that depend on it; the others run. Only what nobody can do without stops the boot: the
 * configuration, the database, the host's own tables and texts.
 */
export async function bootHost(given: Configuration, options: BootOptions = {}): Promise<RunningHost> {
  const started = performance.now()
  const progress = options.onProgress ?? (() => undefined)
  const now = options.now ?? (() => new Date())
  const logger = options.logger ?? createLogger(given)
  const closing = new Closing()
  // Before anything else is started: no child of this process inherits a PIN.
  withholdPins(given.signing.pkcs11)
  try {
    await mkdir(given.dataDir, { recursive: true })
    progress('modules')
    let running: Host | undefined
    const loaded = await loadModules(given, { modulesDir: options.modulesDir, host: lateHost(() => running ?? refuseService) })
    const translator = loadTexts(loaded)

    progress('database')
    const { openDatabase } = await import('../db/open-database.js')
    const database = await openDatabase(given, { logger })
    closing.add(() => database.close())
    const migrated = options.migrate === false ? [] : await migrate(database, loaded)
    if (options.migrate === false) await readModuleStates(database, loaded)

    const authorities = await startAuthorities(given, loaded, database, options.sandbox === true, progress)
    if (authorities !== undefined) closing.add(() => authorities.stop())
    const config = withAuthorities(given, authorities, await hasRealCompany(database))

    progress('services')
    let hooks: HookRegistry | undefined
    const services: Services = await startServices({
      config,
      database,
      loaded,
      now,
      logger,
      host: lateHost(() => running ?? refuseService),
      deliver: async (job: NotifyJob, call) => {
        await (hooks ?? refuseService('hooks')).deliver(job, call)
      },
      closing,
    })
    const modules = new CompanyModules({ loaded, db: () => database, access: () => services.access, audit: () => services.audit, now })
    hooks = new HookRegistry(loaded.points(), modules.enabled.of, () => services.jobs)
    const access = enablingAlways(services.access, modules)
    running = {
      config,
      db: database,
      hooks,
      jobs: services.jobs,
      audit: services.audit,
      access,
      files: services.files,
      mail: services.mail,
      documents: services.documents,
      signing: services.signing,
      verifiers: services.verifiers,
      i18n: translator,
      settings: createModuleSettings(loaded, () => services.audit, now),
      modules,
      now,
    }
    const host = running
    let listening: Promise<unknown> | undefined
    let stopping: Promise<void> | undefined
    const warnings: FaultDetail[] = []
    for (const company of await access.companies()) {
      warnings.push(...(await modules.enableAlways(await access.systemContext(company.id, 'job'))))
    }

    progress('start')
    await startModules(loaded, logger)
    if (options.migrate !== false) await recordModuleVersions(database, loaded, now())
    closing.add(() => stopModules(loaded, logger))
    if (options.role?.worker === true) closing.add(await services.startWorker())

    return {
      host,
      loaded,
      database,
      access,
      authorities,
      report: {
        database: database.kind,
        modules: loaded.describe(),
        migrated,
        warnings,
        milliseconds: performance.now() - started,
      },
      listen: () => {
        // Told to stop while it booted: a server opened now would begin work on a database that is closed, and nobody would close it.
        if (stopping !== undefined) return Promise.reject(new Fault('HTTP-STOPPING', { status: 503 }))
        const opening = services.listen(host, access).then((server) => {
          closing.add(() => server.close())
          return { port: server.port, url: server.url }
        })
        listening = opening
        return opening
      },
      stop: () => {
        // What is being opened stands first, so that it is closed before what it works on.
        stopping ??= Promise.allSettled([listening]).then(() => closing.run())
        return stopping
      },
    }
  } catch (error) {
    await closing.run()
    throw error
  }
}

/** What must be undone at the end, last first. One that fails does not keep the others open. */
export class Closing {
  private works: (() => Promise<void>)[] = []
  private closed: Promise<void> | undefined

  /** Adds a work for the end; the latest runs first. */
  add(work: () => Promise<void>): void {
    this.works.push(work)
  }

  /** Does all of it once; a second call waits for the same end. */
  run(): Promise<void> {
    this.closed ??= this.runAll()
    return this.closed
  }

  private async runAll(): Promise<void> {
    const failures: unknown[] = []
    for (let work = this.works.pop(); work !== undefined; work = this.works.pop())
      await work().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed')
  }
}

/** Texts of the host must be whole; a module whose texts are not fails alone. */
function loadTexts(loaded: LoadedModules): Translator {
  const folders = loaded.all
    .filter((module) => module.manifest !== undefined)
    .map((module) => ({ owner: module.name, folder: join(module.discovered.folder, 'i18n') }))
  const { translator, faults } = createTranslator([...coreTextFolders(), ...folders])
  for (const { owner, fault } of faults) {
    if (owner === 'core') throw new Fault(fault.code, { params: fault.params, status: 500 })
    loaded.fail(owner, fault)
  }
  return translator
}

async function migrate(database: OpenDatabase, loaded: LoadedModules): Promise<readonly string[]> {
  const core = await database.migrate([{ module: 'core', folder: join(installationRoot, 'migrations', 'core') }])
  const failed = core.find((report) => report.fault !== undefined)?.fault
  if (failed !== undefined) throw new Fault(failed.code, { params: failed.params, status: 503 })
  const reports = [...core]
  // One after another: a module whose dependency could not be migrated is not touched.
  for (const module of loaded.all) {
    if (module.state === 'failed') continue
    module.state = 'upgrading'
    const [report] = await database.migrate([{ module: module.name, folder: module.discovered.migrations }])
    if (report === undefined) continue
    reports.push(report)
    if (report.fault !== undefined) loaded.fail(module.name, report.fault)
  }
  for (const module of loaded.standing()) module.state = 'installed'
  return reports.flatMap((report) => report.applied.map((name) => `${report.module}/${name}`))
}

/** The sandbox module starts its authorities when a company of the sandbox exists or the caller asks for them. */
async function startAuthorities(
  config: Configuration,
  loaded: LoadedModules,
  database: OpenDatabase,
  asked: boolean,
  progress: (step: string) => void,
): Promise<LocalAuthorities | undefined> {
  if (config.sandbox.url !== null) return undefined
  const provider = loaded.standing().find((module) => module.manifest?.startAuthorities !== undefined)
  if (provider?.manifest?.startAuthorities === undefined) return undefined
  if (!asked) {
    const inSandbox = await database.host((transaction) =>
      transaction<{ id: string; sandbox: boolean }>('core_company').where({ sandbox: true }).first('id'),
    )
    if (inSandbox === undefined) return undefined
  }
  progress('authorities')
  try {
    return await provider.manifest.startAuthorities(config)
  } catch (error) {
    loaded.fail(provider.name, faultOf('MODULE-START', provider.name, error))
    return undefined
  }
}

async function hasRealCompany(database: OpenDatabase): Promise<boolean> {
  const real = await database.host((transaction) =>
    transaction<{ id: string; sandbox: boolean }>('core_company').where({ sandbox: false }).first('id'),
  )
  return real !== undefined
}

/**
 * What the operator configured stays; the authorities of this machine fill what was left open. Mail and time stamps are
 * the whole host's: where a real company lives, its mail must not end in a sandbox mailbox, nor its seals carry a sandbox time.
 */
function withAuthorities(config: Configuration, authorities: LocalAuthorities | undefined, hasReal: boolean): Configuration {
  if (authorities === undefined) return config
  const origins = [authorities.url, authorities.timeStampUrl].map((url) => new URL(url).origin)
  const shared = hasReal
    ? {}
    : {
        signing: { ...config.signing, timeStampUrl: config.signing.timeStampUrl ?? authorities.timeStampUrl },
        smtp: config.smtp.host === null ? { ...config.smtp, ...authorities.smtp, secure: false } : config.smtp,
      }
  return {
    ...config,
    ...shared,
    sandbox: { url: authorities.url, trustAnchors: authorities.trustAnchors.map((der) => der.toString('base64')) },
    allowedPrivateOrigins: [...new Set([...config.allowedPrivateOrigins, ...origins])],
  }
}

/** A new company gets what is enabled for everybody at once, not at the next boot. */
function enablingAlways(access: AccessService, modules: CompanyModules): AccessService {
  return {
    ...access,
    createCompany: async (company, also) => {
      const created = await access.createCompany(company, also)
      const [failed] = await modules.enableAlways(await access.systemContext(created.id, 'job'))
      // The company stands and the next boot tries again; whoever made it must know that something is missing.
      if (failed !== undefined) throw new Fault(failed.code, { params: failed.params, status: 500 })
      return created
    },
  }
}

async function startModules(loaded: LoadedModules, logger: Logger): Promise<void> {
  for (const module of loaded.all) {
    if (module.state === 'failed') continue
    try {
      for (const work of module.records.start) await work()
    } catch (error) {
      logger.error({ module: module.name, err: error }, 'module failed to start')
      loaded.fail(module.name, faultOf('MODULE-START', module.name, error))
    }
  }
}

async function stopModules(loaded: LoadedModules, logger: Logger): Promise<void> {
  for (const module of [...loaded.standing()].reverse()) {
    for (const work of module.records.stop) {
      await work().catch((error: unknown) => {
        logger.error({ module: module.name, err: error }, 'module failed to stop')
      })
    }
  }
}
