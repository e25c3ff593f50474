import { defineMigration } from '../../core/db/migration.js'

/** Who is told of what happens to requests, what was told; requests made from a table; links for people who walk in. */
export default defineMigration(async (schema) => {
  await schema.companyTable('signatures_webhook', (table) => {
    table.text('name').notNullable()
    table.text('url').notNullable()
    // Under the master key: it signs what is sent.
    table.binary('secret').notNullable()
    // Empty: all events.
    table.jsonb('events').notNullable().defaultTo('[]')
    table.boolean('active').notNullable().defaultTo(true)
    table.text('inactive_reason')
    // First of the failures that no success has ended.
    table.timestamp('failing_since', { useTz: true })
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('updated_at', { useTz: true }).notNullable()
  })
  await schema.companyTable('signatures_webhook_delivery', (table) => {
    table.uuid('webhook_id').notNullable()
    // The same for every try and every resending: the receiver knows an event by it.
    table.text('event_id').notNullable()
    table.text('event_type').notNullable()
    table.uuid('request_id')
    // Written once: every try sends these bytes.
    table.text('body').notNullable()
    table.text('state').notNullable().defaultTo('pending').checkIn(['pending', 'delivered', 'dead'])
    table.integer('attempts').notNullable().defaultTo(0)
    table.timestamp('next_at', { useTz: true })
    table.integer('last_status')
    table.text('last_answer')
    table.jsonb('last_fault')
    table.integer('last_milliseconds')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('delivered_at', { useTz: true })
    table.unique(['company_id', 'webhook_id', 'event_id'])
    table.index(['company_id', 'state', 'created_at'])
  })
  await schema.reference('signatures_webhook_delivery', 'webhook_id', 'signatures_webhook', 'cascade')

  await schema.companyTable('signatures_bulk', (table) => {
    table.text('name').notNullable()
    table.uuid('template_id').notNullable()
    // The version at upload: every row gets the same document, whatever is edited meanwhile.
    table.uuid('template_version_id').notNullable()
    table.text('file_name').notNullable()
    table.text('file_sha256').notNullable()
    table.text('state').notNullable().defaultTo('preview').checkIn(['preview', 'running', 'stopped', 'done'])
    table.jsonb('mapping').notNullable().defaultTo('[]')
    // What all rows share: message, expiry, reminders, order.
    table.jsonb('options').notNullable().defaultTo('{}')
    table.integer('total').notNullable()
    table.uuid('created_by')
    table.text('created_by_name').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('finished_at', { useTz: true })
  })
  await schema.reference('signatures_bulk', 'template_id', 'signatures_template', 'restrict')
  await schema.reference('signatures_bulk', 'template_version_id', 'signatures_template_version', 'restrict')
  await schema.companyTable(
    'signatures_bulk_row',
    (table) => {
      table.uuid('bulk_id').notNullable()
      // As the sheet shows it: the heads are row 1.
      table.integer('row').notNullable()
      table.jsonb('input').notNullable()
      table.text('state').notNullable().defaultTo('ready').checkIn(['ready', 'made', 'sent', 'refused'])
      table.uuid('request_id')
      table.jsonb('faults').notNullable().defaultTo('[]')
      table.integer('attempts').notNullable().defaultTo(0)
      table.index(['company_id', 'bulk_id', 'state', 'row'])
    },
    { id: false, primary: ['bulk_id', 'row'] },
  )

  await schema.companyTable('signatures_walk_in', (table) => {
    table.uuid('template_id').notNullable()
    // Role of who opens the link.
    table.text('role').notNullable()
    // The others, as they are in every request made from it.
    table.jsonb('signers').notNullable().defaultTo('[]')
    table.text('name').notNullable()
    // Public by its nature (a poster, a page): shown again whenever it is needed. Its hash leads to the company.
    table.text('token').notNullable()
    // Requests it may make; 0: any number.
    table.integer('most').notNullable().defaultTo(0)
    table.integer('made').notNullable().defaultTo(0)
    table.boolean('active').notNullable().defaultTo(true)
    table.timestamp('expires_at', { useTz: true })
    table.uuid('created_by')
    table.text('created_by_name').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'token'])
  })
  await schema.reference('signatures_walk_in', 'template_id', 'signatures_template', 'cascade')
})
