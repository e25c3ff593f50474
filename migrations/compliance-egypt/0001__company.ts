import { defineMigration } from '../../core/db/migration.js'

/** What the tax authority of Egypt knows about a company: environment, credentials, activities and branches. */
export default defineMigration(async (schema) => {
  await schema.companyTable(
    'compliance_egypt_company',
    (table) => {
      table.text('environment').notNullable().checkIn(['sandbox', 'preprod', 'production'])
      // 0.9 is the same document without a checked signature: for trying the connection only.
      table.text('document_version').notNullable().defaultTo('1.0').checkIn(['0.9', '1.0'])
      table.text('client_id')
      // Both secrets of the portal, protected with the company's key; the second is used while the first is being renewed.
      table.binary('client_secret')
      table.binary('client_secret_2')
      // Key that signs when several would fit; null lets the certificate decide.
      table.uuid('key_id')
      table.timestamp('portal_confirmed_at', { useTz: true })
      table.timestamp('credentials_checked_at', { useTz: true })
      table.timestamp('signing_checked_at', { useTz: true })
      // Key and certificate that passed the signing test: another one asks for a new test.
      table.text('signing_checked_with')
      table.timestamp('updated_at', { useTz: true }).notNullable()
    },
    { id: false, primary: [] },
  )
  await schema.companyTable('compliance_egypt_branch', (table) => {
    // The authority's number of the branch; `0` is the head office.
    table.text('code').notNullable()
    table.text('name').notNullable()
    table.text('country').notNullable().defaultTo('EG')
    table.text('governate').notNullable()
    table.text('region_city').notNullable()
    table.text('street').notNullable()
    table.text('building_number').notNullable()
    table.text('postal_code')
    table.text('floor')
    table.text('room')
    table.text('landmark')
    table.text('additional_information')
    table.boolean('is_default').notNullable().defaultTo(false)
    table.boolean('active').notNullable().defaultTo(true)
    table.unique(['company_id', 'code'])
  })
  await schema.companyTable(
    'compliance_egypt_activity',
    (table) => {
      // Four digits of the authority's table.
      table.text('code').notNullable()
      table.boolean('is_default').notNullable().defaultTo(false)
    },
    { id: false, primary: ['code'] },
  )
  for (const table of ['branch', 'activity']) {
    await schema.knex.raw(
      `create unique index compliance_egypt_${table}_default on compliance_egypt_${table} (company_id) where is_default`,
    )
  }
})
