import type { Access, RecordRule } from '../access/access.js'
import type { Audit } from '../audit/audit.js'
import type { Configuration } from '../../config/schema.js'
import type { Database } from '../db/database.js'
import type { Documents } from '../documents/documents.js'
import type { Files } from '../files/files.js'
import type { HookRegistration, Hooks } from '../hooks/hooks.js'
import type { LocalizedText } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import type { RouteRegistration } from '../http/routes.js'
import type { JobRegistration, Jobs } from '../jobs/jobs.js'
import type { Mail } from '../mail/mail.js'
import type { SigningService } from '../signing/signing-service.js'
import type { Verifiers } from '../validation/report.js'
import type { ViewRegistration } from '../views/view.js'
import type { ModuleSettings } from './settings.js'

/** The running host, as modules see it. In `setup` it may be kept, not used: services answer only after the boot. */
export interface Host {
  readonly config: Configuration
  readonly db: Database
  readonly hooks: Hooks
  readonly jobs: Jobs
  readonly audit: Audit
  readonly access: Access
  readonly files: Files
  readonly mail: Mail
  readonly documents: Documents
  readonly signing: SigningService
  readonly verifiers: Verifiers
  readonly i18n: Translator
  readonly settings: ModuleSettings
  readonly modules: Modules
  /** UTC now; one place, so that tests can set the clock. */
  now(): Date
}

/** What a module registers with. Everything here is bound to the module that is being set up. */
export interface ModuleSetup {
  readonly host: Host
  readonly hooks: HookRegistration
  readonly jobs: JobRegistration
  readonly routes: RouteRegistration
  readonly views: ViewRegistration
  readonly verifiers: Pick<Verifiers, 'add'>
  recordRule(rule: RecordRule): void
  /** Groups this module knows: `invoicing.user`, in rising order; a group includes the ones it lists. */
  group(name: string, title: LocalizedText, includes?: readonly string[]): void
  /** Runs after migrations, when services answer; the place for caches and connections. */
  onStart(work: () => Promise<void>): void
  onStop(work: () => Promise<void>): void
  /** Runs in a transaction when a company enables the module (seed its taxes, counters). Must be repeatable. */
  onEnable(
    work: (
      transaction: import('../db/database.js').CompanyTransaction,
      context: import('../access/context.js').CompanyContext,
    ) => Promise<void>,
  ): void
  /** Per-company settings: a zod object whose every field has a default, and how the form shows it. */
  settings(definition: import('./settings.js').SettingsDefinition): void
}

/** What a module says of itself. */
export interface ModuleManifest {
  /** Folder name: lower case, hyphens. */
  readonly name: string
  readonly version: string
  /** Range of host versions: `^1`. */
  readonly host: string
  readonly title: LocalizedText
  readonly summary?: LocalizedText
  /** Countries a module is for; without it, everywhere. */
  readonly countries?: readonly string[]
  readonly depends: readonly string[]
  /**
   * Modules whose views and points it extends where they are there (a button on the invoice, for companies that invoice): they come
   * before it, and it stands and is enabled without them. Their code is not imported.
   */
  readonly extends?: readonly string[]
  /** Enabled for every company without asking. */
  readonly always?: boolean
  /** Registers, does no I/O. Called once, in dependency order. */
  setup(setup: ModuleSetup): void
  /**
   * Stand-ins for authorities on this machine (the sandbox module has them). The boot starts them, before the host, when a
   * sandbox company exists or is asked for and no `sandbox.url` is configured; `config.sandbox.url` is theirs from then on.
   */
  startAuthorities?(config: Configuration): Promise<LocalAuthorities>
}

/** The stand-ins for authorities on this machine, while they run. */
export interface LocalAuthorities {
  readonly url: string
  readonly timeStampUrl: string
  readonly smtp: { readonly host: string; readonly port: number }
  /** DER. */
  readonly trustAnchors: readonly Buffer[]
  stop(): Promise<void>
}

/** The one thing a `manifest.ts` exports as default. */
export function defineModule(manifest: ModuleManifest): ModuleManifest {
  return manifest
}

/** How a module stands in this database; whether a company uses it is another question. */
export type ModuleState = 'available' | 'installed' | 'upgrading' | 'failed'

/** A module as pages and commands show it. */
export interface LoadedModule {
  readonly name: string
  readonly version: string
  readonly title: LocalizedText
  readonly state: ModuleState
  readonly depends: readonly string[]
  readonly origin: 'first-party' | 'package'
  readonly path: string
  /** Countries it is for; absent: everywhere. */
  readonly countries?: readonly string[]
  readonly hooksOwned: readonly string[]
  readonly hooksTapped: readonly string[]
  /** Why it failed: coded, translated. */
  readonly fault?: import('../i18n/fault.js').FaultDetail
}

/** Which modules stand, and for whom. */
export interface Modules {
  list(): readonly LoadedModule[]
  isEnabled(companyId: string, module: string): Promise<boolean>
  enabledFor(companyId: string): Promise<ReadonlySet<string>>
  /** What the company may switch on: modules for everywhere and for its country. */
  offeredFor(companyId: string): Promise<readonly LoadedModule[]>
  /**
   * Enables it and what it depends on; runs `onEnable` of each in dependency order, in one transaction.
   * @throws Fault MODULE-UNKNOWN (404), MODULE-FAILED (503), MODULE-OTHER-COUNTRY
   */
  enable(context: import('../access/context.js').CompanyContext, module: string): Promise<void>
  /** What it stored stays. @throws Fault MODULE-NEEDED while another module of the company depends on it */
  disable(context: import('../access/context.js').CompanyContext, module: string): Promise<void>
  /**
   * Inside a transaction (give it) the company's rows are asked, outside an answer may be two seconds old.
   * @throws Fault MODULE-FAILED (503) naming module and reason, when a module this company enabled did not load
   */
  requireHealthy(companyId: string, transaction?: import('../db/database.js').CompanyTransaction): Promise<void>
}
