import { defineMigration } from '../../core/db/migration.js'

/** Single documents, and those that wait for an answer, are found among years of documents. */
export default defineMigration(async (schema) => {
  // A note finds the document it corrects by its number.
  await schema.knex.raw('create index compliance_document_number on compliance_document (company_id, number)')
  await schema.knex.raw(
    'create index compliance_document_unanswered on compliance_document (company_id, invoice_id) where answered_at is null',
  )
})
