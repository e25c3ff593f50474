import { defineMigration } from '../../core/db/migration.js'

/** Documents that left the house with a code on them. The code's hash leads a stranger to the company, nothing else is kept outside its walls. */
export default defineMigration(async (schema) => {
  await schema.companyTable('verification_document', (table) => {
    table.text('code').notNullable()
    table.text('subject_type').notNullable()
    table.text('subject_id').notNullable()
    table.text('label').notNullable()
    table.jsonb('facts').notNullable()
    table.text('sha256')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'subject_type', 'subject_id'])
  })
  await schema.hostTable('verification_code', (table) => {
    table.text('code_hash').primary()
    table.uuid('company_id').notNullable().references('id').inTable('core_company').onDelete('cascade')
  })
})
