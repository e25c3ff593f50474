import { defineMigration } from '../../core/db/migration.js'

/** Signatures of e-documents on their way and their evidence; independent time; mandates; accepted foreign certificates. */
export default defineMigration(async (schema) => {
  // Prepared once and kept until the key answers: the same signing time gives the same signed attributes, so that the answer a person
  // gives at a desk tomorrow is the signature of what was asked today.
  await schema.companyTable(
    'compliance_egypt_signature',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.text('state').notNullable().checkIn(['asked', 'signed'])
      table.uuid('key_id').notNullable()
      table.text('certificate_sha256').notNullable()
      table.timestamp('signed_at', { useTz: true }).notNullable()
      table.text('text_sha256').notNullable()
      // The key and who asked, as they were then: what a token reports, why it was chosen (Executive Regulations Art. 8(b), 10).
      table.jsonb('evidence')
      table.jsonb('basis')
      table.jsonb('problem')
      table.timestamp('updated_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['invoice_id'], grants: ['select', 'insert', 'update'] },
  )
  // Time by archives nobody concerned controls (Art. 8(a)): tokens over the signature value, beside the document, several authorities.
  await schema.companyTable(
    'compliance_egypt_time_stamp',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.text('url').notNullable()
      table.text('authority').notNullable()
      table.timestamp('stamped_at', { useTz: true }).notNullable()
      // SHA-256 of the CMS the token is over, hex.
      table.text('cms_sha256').notNullable()
      table.binary('token').notNullable()
    },
    { id: false, primary: ['invoice_id', 'url'], grants: ['select', 'insert'] },
  )
  // Art. 7, 9(b): the authority's own examination of a signature, by its number.
  await schema.companyTable(
    'compliance_egypt_examination',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.text('number').notNullable()
      table.date('issued_on').notNullable()
      table.timestamp('created_at', { useTz: true }).notNullable()
      table.text('created_by').notNullable()
    },
    { id: false, primary: ['invoice_id'], grants: ['select', 'insert'] },
  )
  // Art. 1(5): who signs for somebody else, and by which paper.
  await schema.companyTable('compliance_egypt_mandate', (table) => {
    table.uuid('key_id').notNullable()
    table.text('signer_name').notNullable()
    table.text('principal').notNullable()
    table.text('capacity').notNullable()
    table.text('document').notNullable()
    table.date('valid_from').notNullable()
    table.date('valid_until')
    table.timestamp('ended_at', { useTz: true })
    table.text('ended_reason')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.text('created_by').notNullable()
  })
  // Art. 21, 22: authorities abroad that ITIDA accepts, each with its ground and decision.
  await schema.companyTable('compliance_egypt_foreign_authority', (table) => {
    table.binary('certificate').notNullable()
    table.text('certificate_sha256').notNullable()
    table.text('holder').notNullable()
    table.text('ground').notNullable().checkIn(['a', 'b', 'c', 'd'])
    table.text('decision').notNullable()
    table.date('valid_from').notNullable()
    table.date('valid_until')
    table.text('equivalent_class')
    table.timestamp('withdrawn_at', { useTz: true })
    table.text('withdrawn_reason')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.text('created_by').notNullable()
  })
})
