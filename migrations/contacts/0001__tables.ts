import { defineMigration } from '../../core/db/migration.js'

/** People and companies with their addresses and typed identifiers, and the imports that brought them. */
export default defineMigration(async (schema) => {
  await schema.companyTable('contacts_contact', (table) => {
    table.text('kind').notNullable().checkIn(['person', 'company'])
    table.uuid('parent_id')
    table.text('role').notNullable().defaultTo('contact').checkIn(['contact', 'billing', 'delivery', 'other'])
    table.text('name').notNullable()
    table.text('name_ar')
    table.text('email')
    table.text('phone')
    table.text('mobile')
    table.text('website')
    table.text('street')
    table.text('additional_street')
    table.text('building')
    table.text('additional_number')
    table.text('district')
    table.text('city')
    table.text('region')
    table.text('postal_code')
    table.text('country')
    table.text('locale')
    table.text('reference')
    table.text('notes')
    table.boolean('active').notNullable().defaultTo(true)
    // Folded names, identifiers and digits of the phones: one column to search in, kept by the service.
    table.text('search_text').notNullable().defaultTo('')
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
    table.timestamp('updated_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
    table.index(['company_id', 'name'])
    table.index(['company_id', 'email'])
  })
  await schema.reference('contacts_contact', 'parent_id', 'contacts_contact', 'restrict')

  await schema.companyTable(
    'contacts_identifier',
    (table) => {
      table.uuid('contact_id').notNullable()
      table.text('scheme').notNullable()
      table.text('value').notNullable()
      table.index(['company_id', 'scheme', 'value'])
    },
    { id: false, primary: ['contact_id', 'scheme', 'value'] },
  )
  await schema.reference('contacts_identifier', 'contact_id', 'contacts_contact', 'cascade')

  await schema.companyTable('contacts_import', (table) => {
    table.text('file_name').notNullable()
    table.text('media_type').notNullable()
    table.text('file_sha256').notNullable()
    table.text('state').notNullable().defaultTo('preview').checkIn(['preview', 'running', 'stopped', 'done', 'failed'])
    table.jsonb('mapping').notNullable().defaultTo('{}')
    table.integer('total').notNullable().defaultTo(0)
    table.integer('done').notNullable().defaultTo(0)
    table.integer('created').notNullable().defaultTo(0)
    table.integer('updated').notNullable().defaultTo(0)
    table.integer('failed').notNullable().defaultTo(0)
    table.jsonb('errors').notNullable().defaultTo('[]')
    table.text('result_sha256')
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
  })
})
