import { writeFileSync } from 'node:fs'
import type { Database } from '../../core/db/database.js'

/**
 * Writes every row of every table, as text, into a file: what a dump of the database holds. For tests that look for what must be nowhere.
 * @returns how many rows there were
 */
export async function dumpTables(database: Database, companyId: string, file: string): Promise<number> {
  const lines = await database.company(companyId, async ({ knex }) => {
    const { rows: tables } = await knex.raw<{ rows: { name: string }[] }>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
    )
    const all: string[] = []
    for (const { name } of tables) {
      const { rows } = await knex.raw<{ rows: { line: string }[] }>(`select t::text as line from ${name} t`)
      for (const { line } of rows) all.push(`${name} ${line}`)
    }
    return all
  })
  writeFileSync(file, lines.join('\n'))
  return lines.length
}
