import { defineMigration } from '../../core/db/migration.js'

/** A note finds the document it corrects by its number, among years of documents. */
export default defineMigration(async (schema) => {
  await schema.knex.raw('create index compliance_document_number on compliance_document (company_id, number)')
})
