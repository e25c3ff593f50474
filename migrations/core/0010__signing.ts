import { defineMigration } from '../../core/db/migration.js'

/** Keys of companies with their certificates. A software key lies here wrapped; of a token key only where to find it. */
export default defineMigration(async (schema) => {
  await schema.companyTable('core_key', (table) => {
    table.text('name').notNullable()
    table.text('provider').notNullable()
    table.text('algorithm').notNullable()
    table.binary('public_key').notNullable()
    table.specificType('purposes', 'text[]').notNullable()
    table.text('state').notNullable().defaultTo('active')
    table.jsonb('attributes').notNullable().defaultTo('{}')
    table.jsonb('stored').notNullable()
    table.timestamp('valid_until', { useTz: true })
    table.decimal('amount_limit', 20, 4)
    table.text('amount_currency')
    table.text('stopped_reason')
    table.timestamp('stopped_at', { useTz: true })
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.check("state in ('active', 'stopped')")
    table.check("provider in ('software', 'pkcs11', 'agent', 'csc')")
    table.check('(amount_limit is null) = (amount_currency is null)')
  })
  await schema.companyTable(
    'core_key_certificate',
    (table) => {
      table.uuid('key_id').notNullable()
      table.integer('position').notNullable()
      table.binary('der').notNullable()
      table.timestamp('not_before', { useTz: true }).notNullable()
      table.timestamp('not_after', { useTz: true }).notNullable()
      table.text('subject').notNullable()
      table.text('issuer').notNullable()
      table.text('serial').notNullable()
    },
    { id: false, primary: ['key_id', 'position'] },
  )
  await schema.reference('core_key_certificate', 'key_id', 'core_key', 'cascade')
})
