import { defineMigration } from '../../core/db/migration.js'

/** Desks: paired programs on the PCs that hold tokens, and what they are asked to sign. */
export default defineMigration(async (schema) => {
  // Before a desk is known nobody knows its company: the code alone finds it. The row holds a keyed hash of the code.
  await schema.hostTable('core_agent_pairing', (table) => {
    table.binary('code_hash').primary()
    table.uuid('company_id').notNullable()
    table.text('created_by').notNullable()
    table.timestamp('expires_at', { useTz: true }).notNullable()
  })
  await schema.companyTable('core_agent', (table) => {
    table.text('name').notNullable()
    // Ed25519, DER SubjectPublicKeyInfo
    table.binary('public_key').notNullable()
    table.text('state').notNullable().defaultTo('paired')
    table.timestamp('paired_at', { useTz: true }).notNullable()
    table.text('paired_by').notNullable()
    table.timestamp('stopped_at', { useTz: true })
    table.timestamp('seen_at', { useTz: true })
    table.timestamp('connected_until', { useTz: true })
    table.text('software')
    table.jsonb('tokens').notNullable().defaultTo('[]')
    table.check("state in ('paired', 'stopped')")
  })
  await schema.companyTable('core_agent_request', (table) => {
    table.text('key_id').notNullable()
    table.binary('public_key').notNullable()
    table.text('token_serial')
    table.text('token_key_id')
    table.text('scheme').notNullable()
    table.text('digest_algorithm').notNullable()
    table.binary('digest').notNullable()
    table.binary('message')
    table.jsonb('uses').notNullable()
    table.text('asked_by')
    table.text('subject')
    table.text('state').notNullable().defaultTo('pending')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('expires_at', { useTz: true }).notNullable()
    table.timestamp('settled_at', { useTz: true })
    table.timestamp('told_at', { useTz: true })
    table.uuid('agent_id')
    table.binary('signature')
    // Ed25519 by the desk over company, request, digest and signature
    table.binary('proof')
    table.text('reason')
    table.check("state in ('pending', 'answered', 'refused', 'superseded', 'expired')")
    table.check("(state = 'answered') = (signature is not null)")
    table.index(['company_id', 'state', 'created_at'])
    table.index(['company_id', 'key_id', 'subject'])
  })
  // One open request or one answer for one digest of one key: two callers at once share it.
  await schema.knex.raw(
    `create unique index core_agent_request_digest on core_agent_request (company_id, key_id, scheme, digest_algorithm, digest)
       where state in ('pending', 'answered')`,
  )
})
