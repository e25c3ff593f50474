import { defineMigration } from '../../core/db/migration.js'

/** Many drafts posted by a job, with progress and the answer for each. */
export default defineMigration(async (schema) => {
  await schema.companyTable('invoicing_post_batch', (table) => {
    table.text('state').notNullable().defaultTo('running').checkIn(['running', 'stopped', 'done'])
    table.jsonb('draft_ids').notNullable()
    table.integer('total').notNullable()
    table.integer('done').notNullable().defaultTo(0)
    table.integer('posted').notNullable().defaultTo(0)
    table.integer('refused').notNullable().defaultTo(0)
    // In the order of the drafts: number, or the faults that refused it.
    table.jsonb('results').notNullable().defaultTo('[]')
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
  })
})
