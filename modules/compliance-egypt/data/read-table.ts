import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'

/** A code table of this folder, held against its schema when the module is loaded: a broken table stops the start, not an invoice. */
export function readTable<Table>(name: string, schema: z.ZodType<Table>): Table {
  return schema.parse(JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')))
}
