import { defineMigration } from '../../core/db/migration.js'

/** What a desk is asked to sign may come with the document itself, so that its holder reads it there before the PIN. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('core_agent_request', (table) => {
    table.binary('document')
    table.text('document_type')
  })
})
