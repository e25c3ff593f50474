import { defineMigration } from '../../core/db/migration.js'

/** Users, memberships, sessions, API keys, login back-off; idempotent API answers; what a user saved of a list. */
export default defineMigration(async (schema) => {
  const { knex } = schema
  await schema.hostTable('core_user', (table) => {
    table.uuid('id').primary()
    table.text('login').notNullable()
    table.text('name').notNullable()
    table.text('password_hash').notNullable()
    table.text('locale').notNullable()
    table.text('theme').notNullable().defaultTo('auto')
    table.boolean('active').notNullable().defaultTo(true)
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(knex.fn.now())
    table.timestamp('last_login_at', { useTz: true })
  })
  await knex.raw('create unique index core_user_login on core_user (lower(login))')
  await schema.hostTable('core_membership', (table) => {
    table.uuid('user_id').notNullable().references('id').inTable('core_user').onDelete('cascade')
    table.uuid('company_id').notNullable().references('id').inTable('core_company').onDelete('cascade')
    table.jsonb('groups').notNullable()
    table.primary(['user_id', 'company_id'])
    table.index(['company_id'])
  })
  await schema.hostTable('core_session', (table) => {
    table.text('id_hash').primary()
    table.uuid('user_id').notNullable().references('id').inTable('core_user').onDelete('cascade')
    table.uuid('company_id').references('id').inTable('core_company').onDelete('cascade')
    table.text('address').notNullable()
    table.text('agent').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('last_seen_at', { useTz: true }).notNullable()
    table.index(['user_id'])
    table.index(['last_seen_at'])
  })
  await schema.hostTable('core_api_key', (table) => {
    table.uuid('id').primary()
    table.uuid('company_id').notNullable().references('id').inTable('core_company').onDelete('cascade')
    table.text('name').notNullable()
    table.text('secret_hash').notNullable().unique()
    table.text('hint').notNullable()
    table.jsonb('groups').notNullable()
    table.uuid('created_by')
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(knex.fn.now())
    table.timestamp('last_used_at', { useTz: true })
    table.timestamp('revoked_at', { useTz: true })
    table.index(['company_id'])
  })
  await schema.hostTable('core_login_attempt', (table) => {
    table.text('key').primary()
    table.integer('failures').notNullable()
    table.timestamp('last_at', { useTz: true }).notNullable()
    table.timestamp('blocked_until', { useTz: true }).notNullable()
    table.index(['last_at'])
  })
  await schema.companyTable(
    'core_idempotency',
    (table) => {
      table.text('actor').notNullable()
      table.text('key').notNullable()
      table.text('request_hash').notNullable()
      table.integer('status')
      table.text('media_type')
      table.text('disposition')
      table.binary('body')
      table.timestamp('leased_until', { useTz: true }).notNullable()
      table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(knex.fn.now())
    },
    { id: false, primary: ['actor', 'key'] },
  )
  await schema.companyTable('core_favourite', (table) => {
    table.uuid('user_id').notNullable()
    table.text('view').notNullable()
    table.text('name').notNullable()
    table.text('query').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(knex.fn.now())
    table.unique(['company_id', 'user_id', 'view', 'name'])
  })
  await schema.companyTable(
    'core_column_choice',
    (table) => {
      table.uuid('user_id').notNullable()
      table.text('view').notNullable()
      table.jsonb('columns').notNullable()
    },
    { id: false, primary: ['user_id', 'view'] },
  )
})
