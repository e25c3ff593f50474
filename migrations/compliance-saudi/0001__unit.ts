import { defineMigration } from '../../core/db/migration.js'

/** An EGS unit: what the authority certified to stamp for this company, and the end of its chain. */
export default defineMigration(async (schema) => {
  await schema.companyTable('compliance_saudi_unit', (table) => {
    // `1-solution|2-version|3-serial`, as in the certificate.
    table.text('serial').notNullable()
    table.text('environment').notNullable().checkIn(['sandbox', 'simulation', 'production'])
    table.text('state').notNullable().checkIn(['requested', 'compliance', 'production', 'retired'])
    table.uuid('key_id').notNullable()
    table.text('request_id')
    // Tokens are certificates in base64; secrets are wrapped with the host's master key.
    table.text('compliance_token')
    table.text('compliance_secret')
    table.text('production_token')
    table.text('production_secret')
    table.timestamp('certificate_until', { useTz: true })
    // The chain: counter and hash of the last document, read and advanced under a lock.
    table.bigInteger('last_counter').notNullable().defaultTo(0)
    table.text('last_hash')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'serial'])
  })
  await schema.knex.raw(`create unique index compliance_saudi_unit_active on compliance_saudi_unit (company_id) where state = 'production'`)
})
