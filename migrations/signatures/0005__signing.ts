import { defineMigration } from '../../core/db/migration.js'

/** How each signature is made: whose authority certifies, what was prepared and is waited for, what stands in the end. */
export default defineMigration(async (schema) => {
  await schema.companyTable(
    'signatures_authority',
    (table) => {
      // Null only inside the transaction that makes the key.
      table.uuid('key_id')
      table.timestamp('created_at', { useTz: true }).notNullable()
    },
    { id: false, primary: [] },
  )
  await schema.companyTable(
    'signatures_signing',
    (table) => {
      table.uuid('signer_id').notNullable()
      table.uuid('request_id').notNullable()
      // Who had the own key opened, where it is one.
      table.uuid('user_id')
      table.jsonb('origin').notNullable().defaultTo('{}')
      table.jsonb('consent').notNullable().defaultTo('{}')
      table.integer('attempts').notNullable().defaultTo(0)
      // Revision that a signature was prepared for, and the time in it: asked again, the same bytes are to be signed.
      table.text('base_sha256')
      table.timestamp('prepared_at', { useTz: true })
      // Until then nobody else signs: an own key was asked and may answer late.
      table.timestamp('leased_until', { useTz: true })
      // Document with his values that was handed out to be signed by a program of his own, and those values.
      table.text('outside_sha256')
      table.jsonb('outside_values')
      // What stands.
      table.text('issuer').checkIn(['host', 'own', 'outside'])
      table.binary('certificate')
      table.text('certificate_sha256')
      table.text('certificate_serial')
      table.text('signature_level')
      table.text('signed_sha256')
      table.timestamp('signed_at', { useTz: true })
      table.timestamp('stamped_at', { useTz: true })
      table.index(['company_id', 'request_id'])
      table.index(['company_id', 'certificate_serial'])
      table.check('(signed_sha256 is null) = (certificate_sha256 is null)')
    },
    { id: false, primary: ['signer_id'] },
  )
  await schema.reference('signatures_signing', 'signer_id', 'signatures_signer', 'cascade')
  await schema.reference('signatures_signing', 'request_id', 'signatures_request', 'cascade')
  // What the sealing of a request has reached: a job that is repeated goes on from there.
  await schema.companyTable(
    'signatures_sealing',
    (table) => {
      table.uuid('request_id').notNullable()
      table.integer('attempts').notNullable().defaultTo(0)
      // Head that was sealed, and the file that came of it: checked, stored, not yet the request's.
      table.text('base_sha256')
      table.text('sealed_sha256')
      table.text('level')
      table.text('code')
      table.timestamp('tried_at', { useTz: true })
      table.timestamp('sealed_at', { useTz: true })
    },
    { id: false, primary: ['request_id'] },
  )
  await schema.reference('signatures_sealing', 'request_id', 'signatures_request', 'cascade')
})
