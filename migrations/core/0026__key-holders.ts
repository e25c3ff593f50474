import { defineMigration } from '../../core/db/migration.js'

/**
 * Which company a key belongs to, over all companies of the host: a private key is one signatory's alone (Egypt, Executive Regulations
 * 109/2005 Art. 2(a)). Companies do not see each other, so the application role may only claim a key for its own company, and learns
 * no more than whether that was possible.
 */
export default defineMigration(async (schema) => {
  await schema.knex.raw(`
    create table core_key_holder (
      -- SHA-256 of the DER SubjectPublicKeyInfo.
      fingerprint bytea primary key,
      company_id uuid not null
    );
    revoke all on core_key_holder from public;

    -- Keys from before this migration; the one who was first keeps a key that two have.
    alter table core_key no force row level security;
    insert into core_key_holder (fingerprint, company_id)
      select distinct on (sha256(public_key)) sha256(public_key), company_id from core_key order by sha256(public_key), created_at;
    alter table core_key force row level security;

    create function core_claim_key(spki bytea) returns boolean language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $body$
    declare
      company uuid := nullif(current_setting('app.company_id', true), '')::uuid;
    begin
      if company is null then raise exception 'core_claim_key: no company in this transaction'; end if;
      insert into public.core_key_holder (fingerprint, company_id) values (sha256(spki), company) on conflict (fingerprint) do nothing;
      return exists (select 1 from public.core_key_holder where fingerprint = sha256(spki) and company_id = company);
    end $body$;
    revoke all on function core_claim_key(bytea) from public;
    grant execute on function core_claim_key(bytea) to khatm_app;
  `)
})
