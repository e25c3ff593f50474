import { defineMigration } from '../../core/db/migration.js'

/** Time by third parties that is asked for and waited for; a ground of law that can be found again years later; mandates that count. */
export default defineMigration(async (schema) => {
  // Archives of time beside the one the host is configured with: independent of each other, so that no single one must be believed.
  await schema.companyTable('compliance_egypt_time_authority', (table) => {
    table.text('url').notNullable()
    table.text('name').notNullable()
    // Its root (DER), when the company pinned one: tokens then must lead there.
    table.binary('root')
    // The company says that it, or somebody concerned, runs it: Art. 8(a) then is not met by it.
    table.boolean('concerned').notNullable()
    table.timestamp('removed_at', { useTz: true })
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.text('created_by').notNullable()
  })
  await schema.knex.raw(
    `create unique index compliance_egypt_time_authority_url on compliance_egypt_time_authority (company_id, url) where removed_at is null;
     alter table compliance_egypt_time_stamp
       add column dependence text,
       add column trusted boolean not null default false,
       add column certificate_sha256 text;
     alter table compliance_egypt_examination
       add column withdrawn_at timestamptz,
       add column withdrawn_reason text;
     grant update on compliance_egypt_examination to khatm_app;
     alter table compliance_egypt_company
       add column mandates text not null default 'off' check (mandates in ('off', 'persons', 'all'));
     create index compliance_egypt_signature_signed on compliance_egypt_signature (company_id, updated_at) where state = 'signed'`,
  )
  // What an authority of time has not answered yet, and why.
  await schema.companyTable(
    'compliance_egypt_time_request',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.text('url').notNullable()
      table.integer('attempts').notNullable()
      table.jsonb('problem').notNullable()
      table.timestamp('first_failed_at', { useTz: true }).notNullable()
      table.timestamp('next_try_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['invoice_id', 'url'] },
  )
  // Certificates that a ground of law rests on, kept by their fingerprint: keys go, trust files change, the judgement must be found again.
  await schema.companyTable(
    'compliance_egypt_certificate',
    (table) => {
      table.text('sha256').notNullable()
      table.binary('der').notNullable()
    },
    { id: false, primary: ['sha256'], grants: ['select', 'insert'] },
  )
})
