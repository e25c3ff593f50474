import { defineMigration } from '../../core/db/migration.js'

/** Points of sale: what the authority registered them as, and the end of the chain of receipts each has issued. */
export default defineMigration(async (schema) => {
  await schema.companyTable('compliance_egypt_device', (table) => {
    table.text('name').notNullable()
    // Serial number, version of the operating system and model, as registered on the portal; sent when the device logs in.
    table.text('serial').notNullable()
    table.text('os_version').notNullable()
    table.text('model').notNullable()
    // Protected with the company's key.
    table.binary('preshared_key')
    table.text('branch_code').notNullable()
    table.text('syndicate_license')
    table.boolean('is_default').notNullable().defaultTo(false)
    table.boolean('active').notNullable().defaultTo(true)
    // The chain: how many receipts, and the uuid of the last, read and advanced under a lock.
    table.bigInteger('last_counter').notNullable().defaultTo(0)
    table.text('last_uuid').notNullable().defaultTo('')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'serial'])
  })
  await schema.knex.raw('create unique index compliance_egypt_device_default on compliance_egypt_device (company_id) where is_default')
  await schema.companyTable(
    'compliance_egypt_receipt',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.text('device_serial').notNullable()
      // SHA-256 of the canonical text with an empty uuid: the receipt's name at the authority.
      table.text('uuid').notNullable()
      table.text('previous_uuid').notNullable()
      // The sale a return gives back; the invalid receipt a correction stands for.
      table.text('reference_uuid')
      table.text('reference_old_uuid')
      table.timestamp('issued_at', { useTz: true }).notNullable()
      // Submission of the authority, asked before the bytes go a second time.
      table.text('submission_uuid')
      table.unique(['company_id', 'uuid'])
      table.index(['company_id', 'device_serial', 'issued_at'])
    },
    { id: false, primary: ['invoice_id'] },
  )
  await schema.reference('compliance_egypt_receipt', 'invoice_id', 'invoicing_invoice', 'restrict')
})
