import { defineMigration } from '../../core/db/migration.js'

/**
 * Which files of finished requests were deleted by the retention rule, and the one way to delete a stored file: a function that does so for
 * a file that is written down here and that no other record of the company holds. The application itself may delete none.
 */
export default defineMigration(async (schema) => {
  await schema.companyTable(
    'signatures_deleted_file',
    (table) => {
      table.uuid('request_id').notNullable()
      table.text('sha256').notNullable()
      table.text('kind').notNullable()
      table.bigInteger('size').notNullable()
      // Another record holds the same bytes: the file stays for it.
      table.boolean('shared').notNullable()
      table.timestamp('deleted_at', { useTz: true }).notNullable()
    },
    { id: false, primary: ['request_id', 'sha256'], grants: ['select', 'insert'] },
  )
  await schema.reference('signatures_deleted_file', 'request_id', 'signatures_request', 'restrict')
  await schema.knex.raw('alter table signatures_request add column files_deleted_at timestamptz')
  await schema.knex.raw(`
    create function signatures_delete_file(file text) returns boolean
      language plpgsql security definer set search_path = pg_catalog, public as $$
    declare
      company uuid := nullif(current_setting('app.company_id', true), '')::uuid;
    begin
      if not exists (select 1 from public.signatures_deleted_file where company_id = company and sha256 = file and not shared) then
        return false;
      end if;
      if exists (select 1 from public.signatures_request
                  where company_id = company and files_deleted_at is null
                    and file in (original_sha256, frozen_sha256, head_sha256, sealed_sha256, certificate_sha256, event_log_sha256, evidence_sha256)) then
        return false;
      end if;
      delete from public.core_blob where company_id = company and sha256 = file;
      return found;
    end $$`)
  await schema.knex.raw('revoke all on function signatures_delete_file(text) from public')
  await schema.knex.raw(`
    do $$ declare application text; begin
      select grantee into application from information_schema.role_table_grants
       where table_name = 'signatures_deleted_file' and privilege_type = 'INSERT' and grantee <> current_user limit 1;
      if application is not null then execute format('grant execute on function signatures_delete_file(text) to %I', application); end if;
    end $$`)
})
