import { defineMigration } from '../../core/db/migration.js'

/** The authority's type of a sent document: its times (to cancel, to decline) hang on it. */
export default defineMigration(async (schema) => {
  await schema.knex.raw(`alter table compliance_egypt_submission add column document_type text not null default 'i'`)
})
