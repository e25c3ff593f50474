import { defineMigration } from '../../core/db/migration.js'

/** A document that nobody has signed, in no chain, ends with its invoice: withdrawn, it is neither signed nor sent any more. */
export default defineMigration(async (schema) => {
  await schema.knex.raw(`
    alter table compliance_document drop constraint compliance_document_state_check;
    alter table compliance_document add constraint compliance_document_state_check
      check (state in ('prepared', 'signed', 'submitted', 'accepted', 'accepted_with_warnings', 'rejected', 'withdrawn'));
    create function compliance_document_stay_withdrawn() returns trigger language plpgsql as $body$
    begin
      if old.state = 'withdrawn' or (new.state = 'withdrawn' and (old.state <> 'prepared' or old.chain is not null or old.attempts > 0))
      then raise exception 'only a document that is ours alone is withdrawn, once' using errcode = 'restrict_violation';
      end if;
      return new;
    end $body$;
    create trigger compliance_document_stay_withdrawn before update of state on compliance_document
      for each row when (new.state is distinct from old.state) execute function compliance_document_stay_withdrawn();
  `)
})
