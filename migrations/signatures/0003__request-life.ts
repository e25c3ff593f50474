import { defineMigration } from '../../core/db/migration.js'

/** What the life of a request keeps beside its state: how often a draft was saved, when somebody was reminded, which mail was whose. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('signatures_request', (table) => {
    // Rises with every change of a draft: what was frozen from another one is not sent.
    table.integer('revision').notNullable().defaultTo(1)
  })
  await schema.knex.schema.alterTable('signatures_signer', (table) => {
    table.timestamp('reminded_at', { useTz: true })
  })
  await schema.companyTable('signatures_mail', (table) => {
    table.uuid('request_id').notNullable()
    // Null: to the sender.
    table.uuid('signer_id')
    table.uuid('mail_id').notNullable()
    table.text('kind').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.index(['company_id', 'request_id'])
  })
  await schema.reference('signatures_mail', 'request_id', 'signatures_request', 'cascade')
})
