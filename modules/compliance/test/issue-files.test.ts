import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { register } from '../cli/issue.js'
import { readRows } from '../issue/read-rows.js'
import { ResultFolder } from '../issue/results.js'
import { leaseSeconds } from '../services/lease.js'

describe('files of khatm issue', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  const read = (name: string, content: string | Buffer): ReturnType<typeof readRows> => {
    const file = join(folder.path, name)
    writeFileSync(file, content)
    return readRows(file, '')
  }
  const codes = (rows: ReturnType<typeof readRows>): (string | undefined)[] => rows.map((row) => row.fault?.code)

  it('tells of a file without an invoice instead of being done with it', () => {
    for (const [name, content] of [
      ['empty.ndjson', ''],
      ['blank.ndjson', '\r\n \n'],
      ['mark.ndjson', '\uFEFF'],
      ['empty.json', ''],
      ['list.json', '[]'],
    ] as const)
      assert.deepEqual(codes(read(name, content)), ['ISSUE-FILE-EMPTY'], name)
  })

  it('waits longer for an invoice than a process that was killed keeps it from others', () => {
    const program = new Command()
    register(program)
    const patience = program.commands[0]?.options.find((option) => option.long === '--patience')
    assert.ok(Number(patience?.defaultValue) > leaseSeconds, String(patience?.defaultValue))
  })

  it('names a file that cannot be read', () => {
    assert.throws(() => readRows(join(folder.path, 'missing.json'), ''), { code: 'ISSUE-FILE-UNREADABLE' })
    assert.throws(() => readRows(folder.path, ''), { code: 'ISSUE-FILE-UNREADABLE' })
  })

  it('keeps the line numbers over a byte order mark, CRLF and blank lines', () => {
    const rows = read('mixed.ndjson', '\uFEFF{"a":1}\r\n\r\n[1]\r\nnull\r\n{"a":\r\n{"a":2}')
    assert.deepEqual(
      rows.map((row) => [row.line, row.fault?.code]),
      [
        [1, undefined],
        [3, 'ISSUE-ROW-NOT-OBJECT'],
        [4, 'ISSUE-ROW-NOT-OBJECT'],
        [5, 'ISSUE-ROW-NOT-JSON'],
        [6, undefined],
      ],
    )
  })

  it('refuses the row in another encoding alone, and replaces no letter in silence', () => {
    const rows = read(
      'latin1.ndjson',
      Buffer.concat([Buffer.from('{"n":"Café"}\n'), Buffer.from('{"n":"Caf\xe9"}\n', 'latin1'), Buffer.from('{"n":1}\n')]),
    )
    assert.deepEqual(codes(rows), [undefined, 'ISSUE-ROW-NOT-UTF8', undefined])
    assert.deepEqual(codes(read('utf16.json', Buffer.from('\uFEFF{"n":1}', 'utf16le'))), ['ISSUE-ROW-NOT-UTF8'])
  })

  it('bounds a row, not an array of many', () => {
    assert.deepEqual(codes(read('long.ndjson', `{"a":"${'x'.repeat(5_000_000)}"}\n{"a":1}`)), ['ISSUE-ROW-TOO-LONG', undefined])
    const many = Array.from({ length: 3000 }, () => ({ text: 'x'.repeat(2000) }))
    assert.equal(read('many.json', JSON.stringify(many)).filter((row) => row.fault === undefined).length, 3000)
  })

  it('gives two companies’ equal numbers files of their own, inside the folder', () => {
    const out = join(folder.path, 'out')
    const results = new ResultFolder(out, (fault) => fault.code)
    const names = ['INV/1', 'INV-1', '../../etc/x', 'INV/1'].map((number, index) => {
      const row = { line: index + 1, key: String(index), value: {} }
      return (
        results.write(row, { status: 'accepted', number, faults: [] }, { legal: { bytes: Buffer.from(String(index)), extension: 'xml' } })
          .files?.legal ?? ''
      )
    })
    results.close()
    assert.equal(new Set(names).size, 4)
    for (const [index, name] of names.entries()) {
      assert.ok(readdirSync(out).includes(name), name)
      assert.equal(readFileSync(join(out, name), 'utf8'), String(index))
    }
  })

  it('leaves no refused rows of an earlier run behind', () => {
    const out = join(folder.path, 'again')
    const first = new ResultFolder(out, (fault) => fault.code)
    first.write({ line: 1, key: '1', value: { a: 1 } }, { status: 'invalid', faults: [] }, {})
    first.close()
    assert.ok(existsSync(join(out, 'not-issued.ndjson')))
    new ResultFolder(out, (fault) => fault.code).close()
    assert.ok(!existsSync(join(out, 'not-issued.ndjson')))
  })
})
