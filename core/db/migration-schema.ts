import type { Knex } from 'knex'
import { applicationRole } from './connection.js'
import type { MigrationSchema } from './migration.js'

const nameShape = /^[a-z][a-z0-9_]{0,50}$/

/** The helpers a migration works with; every name is checked because it becomes part of a statement. */
export class OwnerSchema implements MigrationSchema {
  constructor(readonly knex: Knex.Transaction) {}

  /**
   * Creates a table of companies: see `MigrationSchema.companyTable`. @throws Error on a name that is no plain identifier, or `id:
   * false` without a key
   */
  async companyTable(
    name: string,
    columns: (table: Knex.CreateTableBuilder) => void,
    options: Parameters<MigrationSchema['companyTable']>[2] = {},
  ): Promise<void> {
    const key = options.primary ?? ['id']
    for (const part of [name, ...key]) checkName(part)
    if (options.id === false && options.primary === undefined) throw new Error(`companyTable ${name}: give the columns of its key`)
    await this.knex.schema.createTable(name, (table) => {
      table.uuid('company_id').notNullable()
      if (options.id !== false) table.uuid('id').notNullable().defaultTo(this.knex.raw('gen_random_uuid()'))
      columns(table)
      table.primary(['company_id', ...key])
    })
    await this.knex.raw(
      `alter table ${name} enable row level security;
       alter table ${name} force row level security;
       create policy company on ${name}
         using (company_id = nullif(current_setting('app.company_id', true), '')::uuid)
         with check (company_id = nullif(current_setting('app.company_id', true), '')::uuid);
       revoke all on ${name} from public, ${applicationRole};
       grant ${(options.grants ?? ['select', 'insert', 'update', 'delete']).join(', ')} on ${name} to ${applicationRole}`,
    )
  }

  /**
   * Adds the foreign key and an index on the referring columns. `set null` empties the one column only. @throws Error on a
   * PostgreSQL older than 15 for `set null`
   */
  async reference(
    table: string,
    column: string,
    target: string,
    onDelete: 'restrict' | 'cascade' | 'set null' = 'restrict',
  ): Promise<void> {
    for (const part of [table, column, target]) checkName(part)
    // Only the referring column may be emptied: company_id belongs to the row's own key. (column list: PostgreSQL 15)
    if (onDelete === 'set null') {
      const { rows } = await this.knex.raw<{ rows: { version: number }[] }>(`select current_setting('server_version_num')::int as version`)
      if ((rows[0]?.version ?? 0) < 150_000) throw new Error(`reference ${table}.${column}: "set null" needs PostgreSQL 15`)
    }
    const action = onDelete === 'set null' ? `set null (${column})` : onDelete
    await this.knex.raw(
      `alter table ${table} add constraint ${table}_${column}_ref
         foreign key (company_id, ${column}) references ${target} (company_id, id) on delete ${action};
       create index on ${table} (company_id, ${column})`,
    )
  }

  /** Creates a table without company, for the host alone; the application role may read and write all of it. */
  async hostTable(name: string, columns: (table: Knex.CreateTableBuilder) => void): Promise<void> {
    checkName(name)
    await this.knex.schema.createTable(name, columns)
    await this.knex.raw(
      `revoke all on ${name} from public;
       grant select, insert, update, delete on ${name} to ${applicationRole}`,
    )
    // serial columns draw from sequences the application must be allowed to use
    await this.knex.raw(`grant usage, select on all sequences in schema public to ${applicationRole}`)
  }
}

function checkName(name: string): void {
  if (!nameShape.test(name)) throw new Error(`not a table or column name: ${name}`)
}
