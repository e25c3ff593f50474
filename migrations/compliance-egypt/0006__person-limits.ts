import { defineMigration } from '../../core/db/migration.js'

/** From which total a person is named by national number: the authority's figure as the company knows it, by the day it holds from. */
export default defineMigration(async (schema) => {
  await schema.companyTable(
    'compliance_egypt_person_limit',
    (table) => {
      table.text('kind').notNullable().checkIn(['invoice', 'receipt'])
      table.date('valid_from').notNullable()
      // Pounds.
      table.decimal('amount', 20, 5).notNullable()
    },
    { id: false, primary: ['kind', 'valid_from'] },
  )
})
