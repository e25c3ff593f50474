import { defineMigration } from '../../core/db/migration.js'

/** The receipts of today, and the newest, are found without reading those of all days. */
export default defineMigration(async (schema) => {
  await schema.knex.raw('create index compliance_egypt_receipt_issued on compliance_egypt_receipt (company_id, issued_at)')
  await schema.knex.raw(
    'create index compliance_egypt_receipt_corrected on compliance_egypt_receipt (company_id, reference_old_uuid) where reference_old_uuid is not null',
  )
})
