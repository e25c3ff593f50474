import { defineMigration } from '../../core/db/migration.js'

/** What a point of sale issues in its trade, whether its batches are signed, and what of a receipt was sent at all. */
export default defineMigration(async (schema) => {
  // Receipt type of sales: s, or the one of its trade (SR … SU); returns take the other of the pair.
  await schema.knex.raw(`alter table compliance_egypt_device add column receipt_type text not null default 's'`)
  // Specified by the format, not asked for by the authority.
  await schema.knex.raw(`alter table compliance_egypt_device add column sign_batches boolean not null default false`)
  await schema.knex.raw(`alter table compliance_egypt_receipt add column receipt_type text not null default 's'`)
  // Written before the bytes leave: what never left need not be asked about.
  await schema.knex.raw(`alter table compliance_egypt_receipt add column sent_at timestamptz`)
  await schema.knex.raw(
    `create index compliance_egypt_receipt_returns on compliance_egypt_receipt (company_id, reference_uuid) where reference_uuid is not null`,
  )
})
