import { defineMigration } from '../../core/db/migration.js'

/** A revocation is proved by the answers that said so, kept with what was found in them, and by archives of time that stamped them. */
export default defineMigration(async (schema) => {
  // Null: every certificate of the path was good.
  await schema.knex.raw('alter table compliance_egypt_status_check add column finding jsonb')
  await schema.companyTable(
    'compliance_egypt_revocation_stamp',
    (table) => {
      // Of the list or answer: what the token is over.
      table.text('sha256').notNullable()
      table.text('url').notNullable()
      table.text('authority').notNullable()
      table.timestamp('stamped_at', { useTz: true }).notNullable()
      table.binary('token').notNullable()
      table.text('dependence')
      table.boolean('trusted').notNullable()
    },
    { id: false, primary: ['sha256', 'url'], grants: ['select', 'insert'] },
  )
})
