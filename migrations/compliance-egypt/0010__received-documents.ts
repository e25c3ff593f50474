import { defineMigration } from '../../core/db/migration.js'

/** The document itself, as the authority keeps it, beside the row about it: read once, shown and judged from here. */
export default defineMigration(async (schema) => {
  await schema.knex.raw('alter table compliance_egypt_received add column document_sha256 text')
})
