import { defineMigration } from '../../core/db/migration.js'

/** Companies, gapless counters, the event log, stored files, outgoing mail and the books of the job workers. */
export default defineMigration(async (schema) => {
  await schema.hostTable('core_company', (table) => {
    table.uuid('id').primary().defaultTo(schema.knex.raw('gen_random_uuid()'))
    table.text('code').notNullable().unique()
    table.text('name').notNullable()
    table.text('name_ar')
    table.text('country').notNullable()
    table.text('currency').notNullable()
    table.text('time_zone').notNullable()
    table.text('locale').notNullable()
    table.text('digits').notNullable().defaultTo('latin')
    table.boolean('sandbox').notNullable().defaultTo(false)
    table.jsonb('identifiers').notNullable().defaultTo('[]')
    table.jsonb('address').notNullable()
    table.text('phone')
    table.text('email')
    table.text('website')
    table.timestamp('created_at').notNullable().defaultTo(schema.knex.fn.now())
  })

  await schema.companyTable(
    'core_counter',
    (table) => {
      table.text('name').notNullable()
      table.bigInteger('next').notNullable()
    },
    { id: false, primary: ['name'], grants: ['select', 'insert', 'update'] },
  )

  await schema.companyTable(
    'core_audit_event',
    (table) => {
      table.bigInteger('sequence').notNullable()
      table.timestamp('at').notNullable()
      table.text('action').notNullable()
      table.text('subject_type').notNullable()
      table.text('subject_id').notNullable()
      table.text('subject_label')
      table.jsonb('facts')
      table.text('actor_kind').notNullable()
      table.text('actor_id')
      table.text('actor_name').notNullable()
      table.text('source').notNullable()
      table.binary('previous').notNullable()
      table.binary('hash').notNullable()
      table.index(['company_id', 'subject_type', 'subject_id', 'sequence'])
    },
    { id: false, primary: ['sequence'], grants: ['select', 'insert'] },
  )
  await schema.companyTable(
    'core_audit_head',
    (table) => {
      table.bigInteger('sequence').notNullable()
      table.binary('hash').notNullable()
    },
    { id: false, primary: [], grants: ['select', 'insert', 'update'] },
  )

  await schema.companyTable(
    'core_blob',
    (table) => {
      table.text('sha256').notNullable()
      table.text('media_type').notNullable()
      table.bigInteger('size').notNullable()
      table.binary('bytes').notNullable()
      table.timestamp('created_at').notNullable().defaultTo(schema.knex.fn.now())
    },
    { id: false, primary: ['sha256'], grants: ['select', 'insert'] },
  )
  // PDFs and signed XML hardly compress and are read whole: kept out of line as they are
  await schema.knex.raw('alter table core_blob alter column bytes set storage external')

  await schema.companyTable('core_mail', (table) => {
    table.text('state').notNullable()
    table.text('message_id').notNullable()
    table.jsonb('recipients').notNullable()
    table.jsonb('copies').notNullable()
    table.text('reply_to')
    table.text('subject').notNullable()
    table.text('text').notNullable()
    table.text('html')
    table.jsonb('attachments').notNullable()
    table.text('record_type')
    table.text('record_id')
    table.text('error')
    table.integer('attempts').notNullable().defaultTo(0)
    table.timestamp('created_at').notNullable().defaultTo(schema.knex.fn.now())
    table.timestamp('changed_at').notNullable().defaultTo(schema.knex.fn.now())
    table.index(['company_id', 'record_type', 'record_id'])
  })

  await schema.hostTable('core_worker', (table) => {
    table.text('id').primary()
    table.text('machine').notNullable()
    table.integer('pid').notNullable()
    table.text('start_mark').notNullable()
    table.timestamp('started_at').notNullable().defaultTo(schema.knex.fn.now())
    table.timestamp('seen_at').notNullable().defaultTo(schema.knex.fn.now())
  })

  // The application role may put jobs into the queue for the company of its transaction, and see that company's; no more.
  await schema.knex.raw(`
    create function core_add_jobs(specs jsonb) returns void language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $body$
    declare
      company text := nullif(current_setting('app.company_id', true), '');
    begin
      if company is null then raise exception 'core_add_jobs: no company in this transaction'; end if;
      perform graphile_worker.add_jobs(array(
        select row(
          spec->>'name',
          jsonb_build_object('companyId', company, 'payload', spec->'payload')::json,
          company || ':' || (spec->>'queue'),
          (spec->>'runAt')::timestamptz,
          (spec->>'maxAttempts')::smallint,
          company || ':' || (spec->>'key'),
          (spec->>'priority')::smallint,
          null
        )::graphile_worker.job_spec
        from jsonb_array_elements(specs) as spec));
    end $body$;
    revoke all on function core_add_jobs(jsonb) from public;
    grant execute on function core_add_jobs(jsonb) to khatm_app;

    create function core_jobs_of_company()
    returns table (id text, name text, payload jsonb, attempts int, max_attempts int, run_at timestamptz,
                   last_error text, locked_at timestamptz, created_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $body$
      select job.id::text, task.identifier, (job.payload->'payload')::jsonb, job.attempts::int, job.max_attempts::int, job.run_at,
             job.last_error, job.locked_at, job.created_at
      from graphile_worker._private_jobs as job
      join graphile_worker._private_tasks as task on task.id = job.task_id
      where job.payload->>'companyId' = nullif(current_setting('app.company_id', true), '')
    $body$;
    revoke all on function core_jobs_of_company() from public;
    grant execute on function core_jobs_of_company() to khatm_app;
  `)
})
