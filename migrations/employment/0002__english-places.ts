import { defineMigration } from '../../core/db/migration.js'

/** Department and place of work in English, for the second column of a contract, as job titles have it. */
export default defineMigration(async ({ knex }) => {
  await knex.schema.alterTable('employment_employee', (table) => {
    table.text('department_en')
    table.text('site_en')
  })
})
