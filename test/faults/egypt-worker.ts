import { setTimeout as sleep } from 'node:timers/promises'
import { postInvoices } from '../../modules/invoicing/index.js'
import { startTestHost } from '../helpers/test-host.js'

/**
 * A host in a process of its own on the data folder of a test: it posts batches, signs and files them, until it is killed. What it tells
 * on standard output it has acknowledged: one line of numbers for each posted batch.
 */
const [dataDir = '', companyId = '', input = '{}', batch = '5'] = process.argv.slice(2)
// Written by the test that starts this.
const invoice = JSON.parse(input) as object
const { host } = await startTestHost({ dataDir, migrate: false, sandbox: true, role: { worker: true } })
const context = await host.access.systemContext(companyId, 'cli')
process.stdout.write('ready\n')
while (batch !== '0') {
  const outcomes = await postInvoices(
    host,
    context,
    Array.from({ length: Number(batch) }, () => ({ input: invoice })),
    { print: false },
  )
  const numbers = outcomes.map((outcome) => (outcome.status === 'posted' ? outcome.number : `!${JSON.stringify(outcome.faults)}`))
  process.stdout.write(`${numbers.join(' ')}\n`)
}
await sleep(3_600_000)
