import { defineMigration } from '../../core/db/migration.js'

/** Until when a document that was sent may still turn up at the authority, which shows new ones late: before it nothing is sent again. */
export default defineMigration(async (schema) => {
  await schema.knex.raw(`alter table compliance_egypt_submission add column send_again_at timestamptz`)
})
