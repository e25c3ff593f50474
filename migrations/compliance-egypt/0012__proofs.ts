import { defineMigration } from '../../core/db/migration.js'

/** What the authorities said of certificates when they signed; heads of the event log stamped by archives of time; certified devices. */
export default defineMigration(async (schema) => {
  // Lists and OCSP answers by their fingerprint: thousands of signatures of a day rest on the same ones.
  await schema.companyTable(
    'compliance_egypt_revocation',
    (table) => {
      table.text('sha256').notNullable()
      table.text('kind').notNullable().checkIn(['crl', 'ocsp'])
      table.binary('der').notNullable()
    },
    { id: false, primary: ['sha256'], grants: ['select', 'insert'] },
  )
  await schema.companyTable(
    'compliance_egypt_status_check',
    (table) => {
      table.text('certificate_sha256').notNullable()
      table.timestamp('checked_at', { useTz: true }).notNullable()
      // Fingerprints of the answers.
      table.jsonb('answers').notNullable()
    },
    { id: false, primary: ['certificate_sha256', 'checked_at'], grants: ['select', 'insert'] },
  )
  // Art. 8: a head of the event log under the token of an archive that is not the company's.
  await schema.companyTable(
    'compliance_egypt_log_stamp',
    (table) => {
      table.bigInteger('sequence').notNullable()
      table.text('hash').notNullable()
      table.text('url').notNullable()
      table.text('authority').notNullable()
      table.timestamp('stamped_at', { useTz: true }).notNullable()
      table.binary('token').notNullable()
      table.text('dependence')
      table.boolean('trusted').notNullable()
    },
    { id: false, primary: ['sequence', 'url'], grants: ['select', 'insert'] },
  )
  // Art. 3(c): which certificate the device of a key has, as the company states it.
  await schema.companyTable('compliance_egypt_device_certificate', (table) => {
    table.uuid('key_id').notNullable()
    table.text('model').notNullable()
    table.text('standard').notNullable()
    table.text('number').notNullable()
    table.date('valid_from').notNullable()
    table.date('valid_until')
    table.timestamp('removed_at', { useTz: true })
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.text('created_by').notNullable()
  })
})
