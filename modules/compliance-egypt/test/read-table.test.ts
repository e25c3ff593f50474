import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { readTable } from '../data/read-table.js'

describe("tables of the authority's codes", () => {
  const folder = mkdtempSync(join(tmpdir(), 'khatm-table-'))
  const from = join(import.meta.dirname, '../data')
  const schema = z.object({ from: z.iso.date(), codes: z.array(z.string().regex(/^\d{4}$/)).length(2) })
  after(() => {
    rmSync(folder, { recursive: true })
  })

  it('stop the start with the place of the row that is broken, missing or of no date', () => {
    const read = (table: object): object => {
      const file = join(folder, 'table.json')
      writeFileSync(file, JSON.stringify(table))
      return readTable(relative(from, file), schema)
    }
    assert.deepEqual(read({ from: '2020-11-15', codes: ['4620', '4761'] }), { from: '2020-11-15', codes: ['4620', '4761'] })
    for (const [table, place] of [
      [{ from: '2020-11-15', codes: ['4620', '47x1'] }, ['codes', 1]],
      [{ from: '2020-11-15', codes: ['4620'] }, ['codes']],
      [{ from: '2020-13-15', codes: ['4620', '4761'] }, ['from']],
    ] as const) {
      assert.throws(
        () => read(table),
        (error: unknown) => {
          assert.ok(error instanceof z.ZodError)
          assert.deepEqual(error.issues[0]?.path, place)
          return true
        },
      )
    }
  })
})
