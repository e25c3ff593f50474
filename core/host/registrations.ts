import type { RecordRule } from '../access/access.js'
import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import { HookRecords } from '../hooks/point-records.js'
import type { ApiRoute, PageAnswer, PageCall, RouteRegistration, VisitorCall } from '../http/routes.js'
import type { LocalizedText } from '../i18n/locale.js'
import type { JobHandler, JobRegistration } from '../jobs/jobs.js'
import type { Verifier } from '../validation/report.js'
import type { MenuItem, Model, View, ViewRegistration } from '../views/view.js'
import type { Router } from 'express'
import type { Host, ModuleSetup } from './module.js'
import type { SettingsDefinition } from './settings.js'

/** A page for users of a company. */
export interface RecordedPage {
  readonly method: 'get' | 'post'
  /** Below /app/<module>. */
  readonly path: string
  readonly groups: readonly string[]
  readonly handle: (call: PageCall) => Promise<PageAnswer>
}

/** A page for people without an account. */
export interface RecordedVisitorPage {
  readonly method: 'get' | 'post'
  /** Below the root. */
  readonly path: string
  readonly limit: { readonly calls: number; readonly seconds: number }
  readonly handle: (call: VisitorCall) => Promise<PageAnswer>
}

/** A group of users that the module brings. */
export interface RecordedGroup {
  readonly name: string
  readonly title: LocalizedText
  readonly includes: readonly string[]
}

/** What a module does when a company enables it, in the same transaction. */
export type EnableWork = (transaction: CompanyTransaction, context: CompanyContext) => Promise<void>

/**
 * Everything one module registered in its `setup`. Setup only writes here, so a module that throws half-way leaves no
 * trace: its record is dropped as a whole. The services are built from the records of the modules that stand.
 */
export class ModuleRecords {
  readonly hooks = new HookRecords()
  readonly jobs: { readonly name: string; readonly handler: JobHandler<object> }[] = []
  readonly schedules: { readonly name: string; readonly cron: string }[] = []
  readonly api: ApiRoute[] = []
  readonly pages: RecordedPage[] = []
  readonly visitorPages: RecordedVisitorPage[] = []
  readonly open: { readonly prefix: string; readonly router: Router }[] = []
  readonly models: Model[] = []
  readonly views: View[] = []
  readonly extensions: { readonly viewId: string; readonly change: (view: View) => View }[] = []
  readonly menu: MenuItem[] = []
  readonly verifiers: Verifier[] = []
  readonly recordRules: RecordRule[] = []
  readonly groups: RecordedGroup[] = []
  readonly start: (() => Promise<void>)[] = []
  readonly stop: (() => Promise<void>)[] = []
  readonly enable: EnableWork[] = []
  settings: SettingsDefinition | undefined

  constructor(readonly module: string) {}

  /** The setup object handed to the module. */
  setupFor(host: Host): ModuleSetup {
    const jobs: JobRegistration = {
      define: (name, handler) => {
        // The handler's payload type is the module's own promise to itself: it adds the jobs it handles.
        this.jobs.push({ name, handler: handler as JobHandler<object> })
      },
      schedule: (name, cron) => {
        this.schedules.push({ name, cron })
      },
    }
    const routes: RouteRegistration = {
      api: (route) => {
        this.api.push(route)
      },
      page: (method, path, groups, handle) => {
        this.pages.push({ method, path, groups, handle })
      },
      visitor: (method, path, limit, handle) => {
        this.visitorPages.push({ method, path, limit, handle })
      },
      open: (prefix, router) => {
        this.open.push({ prefix, router })
      },
    }
    const views: ViewRegistration = {
      model: (model) => {
        this.models.push(model)
      },
      add: (view) => {
        this.views.push(view)
        this.hooks.declare(`view.${view.id}`, 'waterfall')
      },
      extend: (viewId, change) => {
        // A view's id names its kind, which only its owner and the extending module know.
        const changeView = change as unknown as (view: View) => View
        this.extensions.push({ viewId, change: changeView })
        this.hooks.on(`view.${viewId}`, changeView)
      },
      menu: (item) => {
        this.menu.push(item)
        this.hooks.on('menu', () => item)
      },
    }
    return {
      host,
      hooks: this.hooks,
      jobs,
      routes,
      views,
      verifiers: { add: (verifier) => this.verifiers.push(verifier) },
      recordRule: (rule) => this.recordRules.push(rule),
      group: (name, title, includes = []) => this.groups.push({ name, title, includes }),
      onStart: (work) => this.start.push(work),
      onStop: (work) => this.stop.push(work),
      onEnable: (work) => this.enable.push(work),
      settings: (definition) => {
        if (this.settings !== undefined) throw new Error(`module ${this.module} defines its settings twice`)
        this.settings = definition
      },
    }
  }
}
