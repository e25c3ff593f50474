import { defineMigration } from '../../core/db/migration.js'

/** Who may use a key and with whose approval; requests for approval; which master keys wrap the software keys. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('core_key', (table) => {
    // Counts changes that end open signers: state, policy, certificates.
    table.bigInteger('version').notNullable().defaultTo(1)
    // The employee whose own signature this is; nobody else may use it.
    table.uuid('holder_id')
    table.text('holder_name')
    table.specificType('allowed_users', 'uuid[]').notNullable().defaultTo('{}')
    table.specificType('allowed_groups', 'text[]').notNullable().defaultTo('{}')
    table.text('approval_group')
    // Null with a group: every use needs approval.
    table.decimal('approval_above', 20, 4)
    table.text('approval_currency')
    table.text('stopped_by')
    table.check('(holder_id is null) = (holder_name is null)', {}, 'core_key_holder')
    table.check('(approval_above is null) = (approval_currency is null)', {}, 'core_key_approval_amount')
    table.check('approval_above is null or approval_group is not null', {}, 'core_key_approval_group')
  })
  await schema.companyTable(
    'core_key_approval',
    (table) => {
      table.uuid('key_id').notNullable()
      table.text('purpose').notNullable()
      table.text('subject_type').notNullable()
      table.text('subject_id').notNullable()
      table.text('subject_label').notNullable()
      table.text('document_hash')
      table.decimal('amount', 20, 4)
      table.text('currency')
      table.text('state').notNullable().defaultTo('pending')
      // SHA-256 over key, purpose, subject, document hash and amount: what an approval is good for.
      table.text('binding').notNullable()
      table.uuid('asked_by')
      table.text('asked_kind').notNullable()
      table.text('asked_name').notNullable()
      table.timestamp('asked_at', { useTz: true }).notNullable()
      table.timestamp('expires_at', { useTz: true }).notNullable()
      table.uuid('decided_by')
      table.text('decided_name')
      table.timestamp('decided_at', { useTz: true })
      table.text('reason')
      table.timestamp('consumed_at', { useTz: true })
      table.check("state in ('pending', 'approved', 'refused', 'expired', 'consumed')")
      table.index(['company_id', 'binding'])
      table.index(['company_id', 'state', 'asked_at'])
    },
    { grants: ['select', 'insert', 'update'] },
  )
  await schema.reference('core_key_approval', 'key_id', 'core_key')
  // One question of a kind waits at a time: two processes asking together make one request.
  await schema.knex.raw(
    `create unique index core_key_approval_open on core_key_approval (company_id, binding) where state in ('pending', 'approved')`,
  )
  await schema.hostTable('core_master_key', (table) => {
    // First bytes of a hash of the key, hexadecimal: names a key and tells nothing of it.
    table.text('id').primary()
    table.text('state').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('retired_at', { useTz: true })
    table.check("state in ('current', 'next', 'retired')")
  })
})
