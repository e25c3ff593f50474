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
      -- Written down as deleted is not enough: it must be a file of that request, whose deletion was decided.
      if not exists (
        select 1 from public.signatures_deleted_file deleted
          join public.signatures_request request on request.company_id = deleted.company_id and request.id = deleted.request_id
         where deleted.company_id = company and deleted.sha256 = file and not deleted.shared and request.files_deleted_at is not null
           and (file in (original_sha256, frozen_sha256, head_sha256, sealed_sha256, certificate_sha256, event_log_sha256, evidence_sha256)
             or exists (select 1 from public.signatures_signing made
                         where made.company_id = company and made.request_id = request.id
                           and file in (made.base_sha256, made.outside_sha256, made.certificate_sha256, made.signed_sha256))
             or exists (select 1 from public.signatures_sealing made
                         where made.company_id = company and made.request_id = request.id and file in (made.base_sha256, made.sealed_sha256))
             or exists (select 1 from public.core_archived_version version
                          join public.core_archived_document document on document.company_id = version.company_id and document.id = version.document_id
                         where version.company_id = company and version.sha256 = file
                           and document.subject_type = 'signatures.request' and document.subject_id = request.id::text)
             or exists (select 1 from public.signatures_signer signer
                          left join public.signatures_capture capture on capture.company_id = signer.company_id and capture.signer_id = signer.id
                          left join public.signatures_attachment attachment
                            on attachment.company_id = signer.company_id and attachment.signer_id = signer.id
                         where signer.company_id = company and signer.request_id = request.id
                           and (capture.picture_sha256 = file or attachment.sha256 = file)))) then
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
