import type { AccessService } from '../access/create-access.js'
import type { Host } from '../host/module.js'
import type { ModuleRecords } from '../host/registrations.js'
import type { TemplateEngine } from '../views/template-engine.js'
import type { ViewCatalog } from '../views/view-catalog.js'
import type { Assets } from './assets.js'

/** The log as the web server writes it. */
export interface WebLogger {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** Everything the pages and the API are made of; built once, handed to every route file. */
export interface WebParts {
  readonly host: Host
  readonly access: AccessService
  readonly records: readonly ModuleRecords[]
  readonly catalog: ViewCatalog
  readonly engine: TemplateEngine
  readonly assets: Assets
  readonly logger: WebLogger
  readonly decimalsOf: (currency: string) => number
  /** People reach the host by https: cookies are `__Host-` and Secure. */
  readonly https: boolean
}
