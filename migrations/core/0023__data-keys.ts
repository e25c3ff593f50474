import { defineMigration } from '../../core/db/migration.js'

/** One key per company, wrapped by the master key, under which personal bytes of the company are encrypted. */
export default defineMigration(async (schema) => {
  await schema.companyTable(
    'core_data_key',
    (table) => {
      table.text('wrapped').notNullable()
      table.timestamp('created_at', { useTz: true }).notNullable()
    },
    { id: false, primary: [] },
  )
})
