import { defineMigration } from '../../core/db/migration.js'

/** Documents at the authority of Egypt: sent, received, asked for; codes of goods; and what the authority tells us by itself. */
export default defineMigration(async (schema) => {
  // Written before the first sending, so that whatever happens afterwards the authority can be asked for it.
  await schema.companyTable(
    'compliance_egypt_submission',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.text('internal_id').notNullable()
      // First signature value: names the very bytes that were sent.
      table.text('signature_sha256').notNullable()
      table.text('submission_uuid')
      table.text('document_uuid')
      table.text('long_id')
      table.text('hash_key')
      table.text('status').notNullable().checkIn(['sending', 'Submitted', 'Valid', 'Invalid', 'Rejected', 'Cancelled'])
      table.text('status_reason')
      table.text('correlation_id')
      table.timestamp('first_sent_at', { useTz: true }).notNullable()
      table.timestamp('sent_at', { useTz: true }).notNullable()
      table.timestamp('received_at', { useTz: true })
      table.timestamp('cancel_asked_at', { useTz: true })
      table.timestamp('reject_asked_at', { useTz: true })
      table.timestamp('declined_at', { useTz: true })
      table.timestamp('checked_at', { useTz: true })
      table.index(['company_id', 'document_uuid'])
      table.index(['company_id', 'internal_id'])
    },
    { id: false, primary: ['invoice_id'], grants: ['select', 'insert', 'update'] },
  )
  await schema.reference('compliance_egypt_submission', 'invoice_id', 'invoicing_invoice', 'restrict')
  // What others issued to this company.
  await schema.companyTable(
    'compliance_egypt_received',
    (table) => {
      table.text('uuid').notNullable()
      table.text('submission_uuid')
      table.text('long_id')
      table.text('internal_id').notNullable()
      table.text('type').notNullable()
      table.text('issuer_id').notNullable()
      table.text('issuer_name').notNullable()
      table.text('total').notNullable()
      table.text('status').notNullable()
      table.text('status_reason')
      table.timestamp('issued_at', { useTz: true }).notNullable()
      table.timestamp('received_at', { useTz: true }).notNullable()
      table.timestamp('cancel_asked_at', { useTz: true })
      table.timestamp('reject_asked_at', { useTz: true })
      table.timestamp('declined_at', { useTz: true })
      table.timestamp('checked_at', { useTz: true }).notNullable()
      table.index(['company_id', 'received_at'])
    },
    { id: false, primary: ['uuid'], grants: ['select', 'insert', 'update'] },
  )
  // Workflow parameters of the document types, as the authority last gave them.
  await schema.companyTable(
    'compliance_egypt_document_type',
    (table) => {
      table.text('type').notNullable()
      table.jsonb('parameters').notNullable()
      table.timestamp('read_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['type'], grants: ['select', 'insert', 'update'] },
  )
  await schema.companyTable('compliance_egypt_package', (table) => {
    table.text('request_id').notNullable()
    table.text('kind').notNullable().checkIn(['full', 'summary'])
    table.text('format').notNullable().checkIn(['JSON', 'CSV', 'XML'])
    table.date('date_from').notNullable()
    table.date('date_to').notNullable()
    table.text('state').notNullable().checkIn(['asked', 'ready', 'failed'])
    table.text('file_sha256')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('ready_at', { useTz: true })
    table.unique(['company_id', 'request_id'])
  })
  // Codes of goods this company asked for, or asked to use.
  await schema.companyTable('compliance_egypt_code', (table) => {
    table.text('item_code').notNullable()
    table.text('code_type').notNullable().checkIn(['EGS', 'GS1'])
    table.boolean('usage').notNullable().defaultTo(false)
    table.text('parent_code').notNullable()
    table.text('name').notNullable()
    table.text('name_ar').notNullable()
    table.date('active_from').notNullable()
    table.date('active_to')
    table.text('state').notNullable().checkIn(['draft', 'sending', 'submitted', 'approved', 'rejected', 'refused'])
    table.text('request_id')
    table.text('reason')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('sent_at', { useTz: true })
    table.timestamp('decided_at', { useTz: true })
    table.unique(['company_id', 'item_code'])
    table.index(['company_id', 'state'])
  })
  // The address the authority calls: the key is shown once, its hash is kept.
  await schema.companyTable(
    'compliance_egypt_callback',
    (table) => {
      table.text('key_hash').notNullable()
      table.timestamp('created_at', { useTz: true }).notNullable()
      table.timestamp('last_at', { useTz: true })
    },
    { id: false, primary: [] },
  )
  // Deliveries that were taken, each once.
  await schema.companyTable(
    'compliance_egypt_delivery',
    (table) => {
      table.text('delivery_id').notNullable()
      table.text('kind').notNullable()
      table.text('type').notNullable()
      table.jsonb('body').notNullable()
      table.timestamp('received_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['delivery_id'], grants: ['select', 'insert', 'delete'] },
  )
})
