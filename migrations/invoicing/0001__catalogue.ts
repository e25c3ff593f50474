import { defineMigration } from '../../core/db/migration.js'

/** What invoices are made of: taxes by date, payment terms, currencies with dated rates, products. */
export default defineMigration(async (schema) => {
  await schema.companyTable('invoicing_tax', (table) => {
    table.text('code').notNullable()
    table.text('name_ar').notNullable()
    table.text('name_en').notNullable()
    table.text('name_bg').notNullable()
    table.specificType('rate', 'numeric').notNullable().checkBetween([0, 100])
    table.text('category').notNullable()
    table.text('exemption_code')
    table.jsonb('exemption_reason')
    table.date('valid_from').notNullable()
    table.date('valid_to')
    table.text('source').notNullable().defaultTo('')
    table.boolean('active').notNullable().defaultTo(true)
    table.unique(['company_id', 'code', 'valid_from'])
  })

  await schema.companyTable('invoicing_term', (table) => {
    table.text('code').notNullable()
    table.text('name_ar').notNullable()
    table.text('name_en').notNullable()
    table.text('name_bg').notNullable()
    table.text('kind').notNullable().checkIn(['days', 'end_of_month'])
    table.integer('days').notNullable().defaultTo(0).checkBetween([0, 3650])
    table.boolean('active').notNullable().defaultTo(true)
    table.unique(['company_id', 'code'])
  })

  await schema.companyTable('invoicing_currency', (table) => {
    table.text('code').notNullable()
    table.text('symbol').notNullable()
    table.integer('digits').notNullable().checkBetween([0, 4])
    table.boolean('active').notNullable().defaultTo(true)
    table.unique(['company_id', 'code'])
  })

  await schema.companyTable('invoicing_rate', (table) => {
    table.uuid('currency_id').notNullable()
    table.date('valid_from').notNullable()
    // Company currency for one unit of the foreign currency.
    table.specificType('rate', 'numeric').notNullable().checkPositive()
    table.unique(['company_id', 'currency_id', 'valid_from'])
  })
  await schema.reference('invoicing_rate', 'currency_id', 'invoicing_currency', 'cascade')

  await schema.companyTable('invoicing_product', (table) => {
    table.text('code')
    table.text('name').notNullable()
    table.text('name_ar')
    table.text('unit').notNullable().defaultTo('PCE')
    table.specificType('price', 'numeric').notNullable().defaultTo('0')
    table.text('tax_code')
    table.boolean('active').notNullable().defaultTo(true)
    table.unique(['company_id', 'code'])
    table.index(['company_id', 'name'])
  })
})
