import type { Audit } from '../audit/audit.js'
import { Fault } from '../i18n/fault.js'
import type { LoadedModules } from './load-modules.js'
import type { ModuleSettings, SettingsDefinition } from './settings.js'

/** Settings of modules over `core_module_settings`. Stored are the values that were set; defaults come from the schema. */
export function createModuleSettings(loaded: LoadedModules, audit: () => Pick<Audit, 'record'>, now: () => Date): ModuleSettings {
  const definitionOf = (module: string): SettingsDefinition => {
    const definition = loaded.standing().find((candidate) => candidate.name === module)?.records.settings
    if (definition === undefined) throw new Fault('MODULE-UNKNOWN', { status: 404, params: { module } })
    return definition
  }
  const stored = async (knex: import('knex').Knex.Transaction, module: string): Promise<object> => {
    const row = await knex<{ module: string; values: object }>('core_module_settings').where({ module }).first('values')
    return row?.values ?? {}
  }

  return {
    async get<Settings>(transaction: Parameters<ModuleSettings['get']>[0], module: string): Promise<Settings> {
      const values = definitionOf(module).schema.parse(await stored(transaction.knex, module))
      // The caller names the type of its own schema; the schema has just checked the values.
      return values as Settings
    },

    async set(transaction, context, module, changes) {
      const { schema } = definitionOf(module)
      const unknown = Object.keys(changes).find((field) => !Object.hasOwn(schema.shape, field))
      const parsed = schema.safeParse({ ...(await stored(transaction.knex, module)), ...changes })
      if (unknown !== undefined || !parsed.success) {
        const issues = parsed.success ? [] : parsed.error.issues
        const details = [
          ...(unknown === undefined ? [] : [{ field: unknown, reason: '?' }]),
          ...issues.map((issue) => ({ field: issue.path.join('.'), reason: issue.message })),
        ].map(({ field, reason }) => ({ code: 'MODULE-SETTINGS-INVALID', path: field, params: { module, field, reason } }))
        throw new Fault('MODULE-SETTINGS-INVALID', { path: details[0]?.path, params: details[0]?.params, details })
      }
      const values = JSON.stringify(parsed.data)
      await transaction
        .knex('core_module_settings')
        .insert({ company_id: context.companyId, module, values, changed_at: now() })
        .onConflict(['company_id', 'module'])
        .merge(['values', 'changed_at'])
      audit().record(transaction, context, {
        action: 'module.configured',
        subject: { type: 'module', id: module, label: module },
        // Names only: a setting may be a secret.
        facts: { module, fields: Object.keys(changes).join(', ') },
      })
    },
  }
}
