import { defineMigration } from '../../core/db/migration.js'

/** Employees, their pay, the documents sent to them for signature, reminders that were told, sendings to many, imports. */
export default defineMigration(async (schema) => {
  await schema.companyTable('employment_employee', (table) => {
    table.uuid('contact_id').notNullable()
    table.text('number').notNullable()
    table.text('job_title_ar')
    table.text('job_title_en')
    table.text('job_title_bg')
    table.text('department')
    table.uuid('manager_id')
    table.text('site')
    // Country whose labour law rules the contract.
    table.text('country').notNullable()
    table.date('start_date')
    table.date('probation_end')
    table.text('contract_kind').notNullable().defaultTo('indefinite').checkIn(['fixed', 'indefinite'])
    table.date('contract_end')
    table.decimal('hours_week', 5, 2)
    table.integer('leave_days')
    table.integer('notice_days')
    table.text('nationality')
    table.date('birth_date')
    table.text('gender').checkIn(['male', 'female'])
    table.text('identity_type')
    table.text('identity_number')
    table.date('identity_expiry')
    table.text('status').notNullable().defaultTo('active').checkIn(['active', 'leaving', 'left'])
    table.boolean('active').notNullable().defaultTo(true)
    table.text('notes')
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.timestamp('updated_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'number'])
    table.unique(['company_id', 'contact_id'])
    table.index(['company_id', 'contract_end'])
    table.index(['company_id', 'probation_end'])
    table.check("contract_kind = 'fixed' or contract_end is null")
  })
  await schema.reference('employment_employee', 'contact_id', 'contacts_contact', 'restrict')
  await schema.reference('employment_employee', 'manager_id', 'employment_employee', 'restrict')

  // A table of its own: no list, search or condition of an address over employees reaches what they are paid.
  await schema.companyTable(
    'employment_pay',
    (table) => {
      table.uuid('employee_id').notNullable()
      table.decimal('basic', 18, 3)
      table.decimal('housing', 18, 3)
      table.decimal('transport', 18, 3)
      table.decimal('other', 18, 3)
      table.text('currency').notNullable()
      table.text('iban')
    },
    { id: false, primary: ['employee_id'] },
  )
  await schema.reference('employment_pay', 'employee_id', 'employment_employee', 'cascade')

  await schema.companyTable('employment_document', (table) => {
    table.uuid('employee_id').notNullable()
    table.text('kind').notNullable().checkIn(['offer', 'contract', 'amendment', 'confidentiality'])
    table.text('country').notNullable()
    table.uuid('template_id').notNullable()
    table.uuid('request_id').notNullable()
    table.date('effective_from')
    table.date('effective_to')
    // What the employee's record becomes when the document is sealed: `{ "contractEnd": "2027-12-31", "pay.basic": "9000.00" }`.
    table.jsonb('changes').notNullable().defaultTo('{}')
    // What it was before, when it was applied: for taking it back.
    table.jsonb('previous')
    table.timestamp('applied_at', { useTz: true })
    table.timestamp('undone_at', { useTz: true })
    // Of a sending to many: one row makes one document, however often its job runs.
    table.text('once_key')
    table.text('created_by_name').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'request_id'])
    table.unique(['company_id', 'once_key'])
    table.index(['company_id', 'employee_id', 'created_at'])
  })
  await schema.reference('employment_document', 'employee_id', 'employment_employee', 'restrict')
  await schema.reference('employment_document', 'request_id', 'signatures_request', 'restrict')

  await schema.companyTable('employment_reminder', (table) => {
    table.uuid('employee_id').notNullable()
    table.text('topic').notNullable().checkIn(['contract', 'probation', 'identity', 'registration'])
    table.date('due').notNullable()
    // Days before the date at which it was told.
    table.integer('step').notNullable()
    table.timestamp('told_at', { useTz: true }).notNullable()
    table.timestamp('done_at', { useTz: true })
    table.text('done_by')
    table.unique(['company_id', 'employee_id', 'topic', 'due', 'step'])
  })
  await schema.reference('employment_reminder', 'employee_id', 'employment_employee', 'cascade')

  await schema.companyTable('employment_bulk', (table) => {
    table.text('kind').notNullable()
    table.text('state').notNullable().defaultTo('preview').checkIn(['preview', 'running', 'stopped', 'done'])
    table.jsonb('rows').notNullable()
    table.integer('total').notNullable()
    table.integer('done').notNullable().defaultTo(0)
    table.integer('sent').notNullable().defaultTo(0)
    table.integer('refused').notNullable().defaultTo(0)
    table.jsonb('results').notNullable().defaultTo('[]')
    table.text('created_by_name').notNullable()
    table.timestamp('created_at', { useTz: true }).notNullable()
  })

  await schema.companyTable('employment_import', (table) => {
    table.text('file_name').notNullable()
    table.text('file_sha256').notNullable()
    table.text('state').notNullable().defaultTo('preview').checkIn(['preview', 'running', 'stopped', 'done'])
    table.jsonb('mapping').notNullable()
    table.integer('total').notNullable()
    table.integer('done').notNullable().defaultTo(0)
    table.integer('created').notNullable().defaultTo(0)
    table.integer('updated').notNullable().defaultTo(0)
    table.integer('failed').notNullable().defaultTo(0)
    table.jsonb('errors').notNullable().defaultTo('[]')
    table.timestamp('created_at', { useTz: true }).notNullable()
  })
})
