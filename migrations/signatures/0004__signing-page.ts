import { defineMigration } from '../../core/db/migration.js'

/** What the signer's page keeps: browser sessions of links, proofs of identity, entered values, drawn signatures, uploaded files. */
export default defineMigration(async (schema) => {
  await schema.companyTable('signatures_session', (table) => {
    table.uuid('signer_id').notNullable()
    // Of the signer when it began; a changed person or address ends it.
    table.integer('version').notNullable()
    table.text('secret_hash').notNullable()
    // Passed methods by name: { at, facts }.
    table.jsonb('verified').notNullable().defaultTo('{}')
    table.boolean('in_person').notNullable().defaultTo(false)
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('seen_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'signer_id', 'secret_hash'])
  })
  await schema.reference('signatures_session', 'signer_id', 'signatures_signer', 'cascade')

  await schema.companyTable(
    'signatures_challenge',
    (table) => {
      table.uuid('session_id').notNullable()
      table.text('method').notNullable()
      // Keyed with the secret of the signer's browser, which is stored nowhere.
      table.text('answer_hash')
      table.jsonb('data').notNullable().defaultTo('{}')
      table.timestamp('expires_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['session_id', 'method'] },
  )
  await schema.reference('signatures_challenge', 'session_id', 'signatures_session', 'cascade')

  // Tries are counted for the person, not for the browser: a new browser gets no new tries.
  await schema.companyTable(
    'signatures_attempts',
    (table) => {
      table.uuid('signer_id').notNullable()
      table.text('method').notNullable()
      table.integer('failures').notNullable().defaultTo(0)
      table.integer('locks').notNullable().defaultTo(0)
      table.timestamp('locked_until', { useTz: true })
      table.integer('sendings').notNullable().defaultTo(0)
      table.timestamp('sendings_since', { useTz: true })
      table.timestamp('last_sent_at', { useTz: true })
    },
    { id: false, primary: ['signer_id', 'method'] },
  )
  await schema.reference('signatures_attempts', 'signer_id', 'signatures_signer', 'cascade')

  // Devices and apps that people enrolled, by the address they proved before.
  await schema.companyTable('signatures_authenticator', (table) => {
    table.text('identity').notNullable()
    table.text('kind').notNullable().checkIn(['totp', 'passkey'])
    table.text('credential').notNullable()
    table.binary('public_key')
    table.binary('secret')
    // Passkey: its counter. App: the last time step that was used.
    table.bigInteger('counter').notNullable().defaultTo(0)
    table.jsonb('transports').notNullable().defaultTo('[]')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('used_at', { useTz: true })
    table.unique(['company_id', 'kind', 'identity', 'credential'])
  })

  await schema.companyTable(
    'signatures_progress',
    (table) => {
      table.uuid('signer_id').notNullable()
      table.integer('version').notNullable()
      table.jsonb('values').notNullable().defaultTo('{}')
      table.jsonb('consent')
      table.text('access_word')
      table.timestamp('document_seen_at', { useTz: true })
      table.timestamp('updated_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['signer_id', 'version'] },
  )
  await schema.reference('signatures_progress', 'signer_id', 'signatures_signer', 'cascade')

  await schema.companyTable('signatures_capture', (table) => {
    table.uuid('signer_id').notNullable()
    table.text('purpose').notNullable().checkIn(['signature', 'initials'])
    table.text('kind').notNullable().checkIn(['drawn', 'typed', 'uploaded'])
    table.text('text')
    table.text('font')
    table.text('picture_sha256')
    table.text('picture_type')
    table.integer('width')
    table.integer('height')
    // Points with time and pressure, encrypted under the host's master key.
    table.binary('strokes')
    table.jsonb('facts').notNullable().defaultTo('{}')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.index(['company_id', 'signer_id'])
  })
  await schema.reference('signatures_capture', 'signer_id', 'signatures_signer', 'cascade')

  await schema.companyTable('signatures_attachment', (table) => {
    table.uuid('signer_id').notNullable()
    table.text('field_id').notNullable()
    table.text('sha256').notNullable()
    table.text('name').notNullable()
    table.text('media_type').notNullable()
    table.integer('size').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.index(['company_id', 'signer_id'])
  })
  await schema.reference('signatures_attachment', 'signer_id', 'signatures_signer', 'cascade')
})
