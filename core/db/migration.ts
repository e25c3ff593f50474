import type { Knex } from 'knex'

/**
 * A file `migrations/<module>/<version>__<slug>.ts` exports one as default. It runs as the owner role in a transaction;
 * name and checksum are stored, a changed file that ran already is a boot fault.
 */
export interface Migration {
  up(schema: MigrationSchema): Promise<void>
}

/** What a migration builds with, so that no table forgets its company, its row-level security or its grants. */
export interface MigrationSchema {
  readonly knex: Knex.Transaction
  /**
   * Creates a table of companies: adds `company_id uuid not null` and `id uuid not null` with primary key (company_id, id),
   * enables and FORCEs row-level security with the company policy and grants the application role
   * (select, insert, update, delete unless `grants` says less: append-only tables give `['select','insert']`).
   * Pass `id: false` for a table with its own key, given by `primary` (company_id is put first;
   * an empty list makes company_id alone the key: one row per company).
   */
  companyTable(
    name: string,
    columns: (table: Knex.CreateTableBuilder) => void,
    options?: { id?: boolean; primary?: readonly string[]; grants?: readonly ('select' | 'insert' | 'update' | 'delete')[] },
  ): Promise<void>
  /** Foreign key (company_id, column) -> (company_id, id) of another company table. */
  reference(table: string, column: string, target: string, onDelete?: 'restrict' | 'cascade' | 'set null'): Promise<void>
  /** A table of the host, without company. Grants the application role. */
  hostTable(name: string, columns: (table: Knex.CreateTableBuilder) => void): Promise<void>
}

/** Types the one export of a migration file: `export default defineMigration(async (schema) => …)`. There is no way down. */
export function defineMigration(up: Migration['up']): Migration {
  return { up }
}
