import { defineMigration } from '../../core/db/migration.js'

/** A document with a form of its own may have fields named like ours: then ours stand under a name that is free in it. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('signatures_request', (table) => {
    table.text('form_prefix').notNullable().defaultTo('')
  })
})
