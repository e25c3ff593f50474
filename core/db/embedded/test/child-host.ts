import { openDatabase } from '../../open-database.js'

/**
 * A host for the tests, in its own process: opens the database of a data folder and writes numbered rows, printing each number once
 * it is committed. It ends when told `close` or when it is killed.
 */
const [dataDir = ''] = process.argv.slice(2)
const database = await openDatabase({ dataDir, database: { url: null, poolSize: 4 }, logLevel: 'silent' })
process.stdout.write(`server ${String(database.serverPid())}\n`)
await database.ownerKnex.raw('create table if not exists child_note (number bigserial primary key, host int)')
const told = new AbortController()
process.stdin.on('data', () => {
  told.abort()
})
while (!told.signal.aborted) {
  const { rows } = await database.ownerKnex.raw<{ rows: { number: number }[] }>(
    `insert into child_note (host) values (?) returning number`,
    [process.pid],
  )
  process.stdout.write(`wrote ${String(rows[0]?.number)}\n`)
}
await database.close()
process.stdout.write('closed\n')
process.exit(0)
