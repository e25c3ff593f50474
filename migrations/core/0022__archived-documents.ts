import { defineMigration } from '../../core/db/migration.js'

/** PDFs that must stay provable for years: when their newest time stamp ends, what it rests on, and every version there was. */
export default defineMigration(async (schema) => {
  await schema.companyTable('core_archived_document', (table) => {
    table.text('subject_type').notNullable()
    table.text('subject_id').notNullable()
    table.text('subject_label').notNullable()
    // Newest version, in the file store.
    table.text('sha256').notNullable()
    table.integer('version').notNullable().defaultTo(1)
    table.timestamp('stamped_at', { useTz: true }).notNullable()
    // From then on the newest time stamp proves nothing any more: its certificates or its algorithms end.
    table.timestamp('valid_until', { useTz: true }).notNullable()
    table.jsonb('algorithm').notNullable()
    table.text('error_code')
    table.jsonb('error_params').notNullable().defaultTo('{}')
    table.integer('attempts').notNullable().defaultTo(0)
    table.timestamp('tried_at', { useTz: true })
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'sha256'])
    table.index(['company_id', 'valid_until'])
    table.index(['company_id', 'subject_type', 'subject_id'])
  })
  await schema.companyTable(
    'core_archived_version',
    (table) => {
      table.uuid('document_id').notNullable()
      table.integer('version').notNullable()
      table.text('sha256').notNullable()
      table.timestamp('stamped_at', { useTz: true }).notNullable()
      table.timestamp('valid_until', { useTz: true }).notNullable()
      table.text('authority').notNullable()
      table.timestamp('created_at', { useTz: true }).notNullable()
    },
    // Versions are added and never changed or taken away.
    { id: false, primary: ['document_id', 'version'], grants: ['select', 'insert'] },
  )
  await schema.reference('core_archived_version', 'document_id', 'core_archived_document')
})
