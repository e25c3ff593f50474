import type { z } from 'zod'
import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import type { FieldDefinition } from '../views/view.js'

/** Settings that a module keeps per company. */
export interface SettingsDefinition {
  /** Every field has a default, so a company without a row has settings. */
  readonly schema: z.ZodObject
  /** How the settings page shows the fields; names are keys of the schema. */
  readonly fields: readonly FieldDefinition[]
}

/** Settings of modules per company, checked by the module's schema on every write. */
export interface ModuleSettings {
  get<Settings>(transaction: CompanyTransaction, module: string): Promise<Settings>
  set(transaction: CompanyTransaction, context: CompanyContext, module: string, changes: object): Promise<void>
}
