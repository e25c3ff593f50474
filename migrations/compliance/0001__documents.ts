import { defineMigration } from '../../core/db/migration.js'

/** One e-document per posted invoice that the law wants filed: its place in the chain, its bytes, and what the authority said. */
export default defineMigration(async (schema) => {
  await schema.companyTable('compliance_document', (table) => {
    table.uuid('invoice_id').notNullable()
    table.text('number').notNullable()
    table.text('regime').notNullable()
    table.text('kind').notNullable()
    table.uuid('uuid').notNullable()
    table.text('state').notNullable().checkIn(['prepared', 'signed', 'submitted', 'accepted', 'accepted_with_warnings', 'rejected'])
    table.text('chain')
    table.bigInteger('counter')
    table.text('previous_hash')
    table.text('hash').notNullable()
    table.text('payload_sha256').notNullable()
    table.text('payload_type').notNullable()
    // The bytes that were signed and are sent.
    table.text('legal_sha256')
    table.text('legal_type')
    table.text('legal_extension')
    // The authority's own stamped file, where it makes one.
    table.text('copy_sha256')
    table.text('qr')
    table.timestamp('signed_at', { useTz: true })
    // SHA-256 of the bytes, written before they are sent for the first time.
    table.text('request_sha256')
    table.integer('attempts').notNullable().defaultTo(0)
    table.timestamp('first_sent_at', { useTz: true })
    table.timestamp('last_sent_at', { useTz: true })
    table.timestamp('claimed_until', { useTz: true })
    table.timestamp('next_try_at', { useTz: true })
    table.timestamp('deadline_at', { useTz: true })
    table.timestamp('answered_at', { useTz: true })
    table.integer('answer_status')
    table.text('answer_body')
    table.text('authority_reference')
    table.jsonb('faults').notNullable().defaultTo('[]')
    table.jsonb('last_error')
    table.timestamp('warned_at', { useTz: true })
    table.timestamp('created_at', { useTz: true }).notNullable()
    table.unique(['company_id', 'invoice_id'])
    table.unique(['company_id', 'regime', 'uuid'])
    table.unique(['company_id', 'chain', 'counter'])
    table.index(['company_id', 'state', 'deadline_at'])
  })
  await schema.reference('compliance_document', 'invoice_id', 'invoicing_invoice', 'restrict')
  // What was prepared, signed and sent is never exchanged: once written, these stay.
  await schema.knex.raw(`
    create function compliance_document_keep() returns trigger language plpgsql as $body$
    begin
      if new.invoice_id <> old.invoice_id or new.uuid <> old.uuid or new.hash <> old.hash or new.payload_sha256 <> old.payload_sha256
        or new.chain is distinct from old.chain or new.counter is distinct from old.counter or new.previous_hash is distinct from old.previous_hash
        or (old.legal_sha256 is not null and new.legal_sha256 is distinct from old.legal_sha256)
        or (old.request_sha256 is not null and new.request_sha256 is distinct from old.request_sha256)
        or (old.state in ('accepted', 'accepted_with_warnings', 'rejected') and new.state <> old.state)
      then raise exception 'an e-document does not change once written' using errcode = 'restrict_violation';
      end if;
      return new;
    end $body$;
    create trigger compliance_document_keep before update on compliance_document for each row execute function compliance_document_keep();
  `)
})
