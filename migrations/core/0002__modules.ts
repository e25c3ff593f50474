import { defineMigration } from '../../core/db/migration.js'

/** Which modules the database was prepared for, which company uses which, and with what settings. */
export default defineMigration(async (schema) => {
  await schema.hostTable('core_module', (table) => {
    table.text('name').primary()
    table.text('version').notNullable()
    table.text('state').notNullable()
    /** Coded fault of the last boot, as JSON; null when the module stands. */
    table.jsonb('fault')
    table.timestamp('changed_at', { useTz: true }).notNullable()
  })
  await schema.companyTable(
    'core_company_module',
    (table) => {
      table.text('module').notNullable()
      table.timestamp('enabled_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['module'] },
  )
  await schema.companyTable(
    'core_module_settings',
    (table) => {
      table.text('module').notNullable()
      table.jsonb('values').notNullable()
      table.timestamp('changed_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['module'] },
  )
})
