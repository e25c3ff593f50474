import { rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfiguration } from '../../config/load.js'
import { bootHost, type RunningHost } from '../../core/host/boot.js'
import type { CompanyContext } from '../../core/access/context.js'
import { demonstrationCompany } from '../../modules/compliance/index.js'
import { postInvoices } from '../../modules/invoicing/index.js'
import type { BenchFigures } from './figure.js'

const seconds = 5
const largest = 50

/** What a posting costs: until its transaction is committed, and until what can be done at once (the stamp) is done too. */
interface Rates {
  readonly posted: number
  readonly signed: number
}

/**
 * Invoices posted per second by the demonstration company through the whole Saudi regime and the real database: readiness, rules, number,
 * payload, hash, link of the chain, rows, event and jobs in one transaction; `.signed` with the stamp and its transaction behind it.
 */
export async function run(): Promise<BenchFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'khatm-bench-'))
  try {
    const config = loadConfiguration({ environment: {}, overrides: { dataDir: folder, port: 0, logLevel: 'silent' } })
    const running = await bootHost(config, { sandbox: true })
    try {
      return await figures(running)
    } finally {
      await running.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function figures(running: RunningHost): Promise<BenchFigures> {
  const company = await demonstrationCompany(running.host, 'demo-sa')
  if (company === undefined) throw new Error('no module brings the demonstration company demo-sa')
  const context = await running.host.access.systemContext(company.id, 'cli')
  const single = await rate(running, context, 1, 1)
  const parallel = await rate(running, context, 1, 4)
  const batched = await rate(running, context, largest, 1)
  const figure = (value: number, goal?: number): BenchFigures[string] => ({
    value: Math.round(value),
    unit: 'invoices/s',
    ...(goal === undefined ? {} : { limit: goal, ofLimit: Math.round((value / goal) * 100) / 100 }),
  })
  return {
    'posting.single': figure(single.posted, 200),
    'posting.single.signed': figure(single.signed),
    'posting.single.four-posters.signed': figure(parallel.signed),
    'posting.batch-50': figure(batched.posted, 1500),
    'posting.batch-50.signed': figure(batched.signed),
    'posting.memory': { value: Math.round(process.memoryUsage().rss / 1024 / 1024), unit: 'MiB' },
  }
}

async function rate(running: RunningHost, context: CompanyContext, batch: number, posters: number): Promise<Rates> {
  const { host } = running
  /** Milliseconds inside the posting calls that went by before their transactions were committed. */
  let committed = 0
  let posted = 0
  const post = async (): Promise<void> => {
    const started = performance.now()
    let afterCommit = started
    // The first thing asked of the regimes after the commit is to finish: everything before it is the transaction.
    const watched = {
      ...host,
      hooks: Object.create(host.hooks, {
        collect: {
          value: (...call: Parameters<typeof host.hooks.collect>) => {
            if (call[0] === 'invoice.finishing') afterCommit = performance.now()
            return host.hooks.collect(...call)
          },
        },
      }) as typeof host.hooks, // the same hooks with one method watched
    }
    const outcomes = await postInvoices(
      watched,
      context,
      Array.from({ length: batch }, () => ({ input: invoice })),
      { print: true },
    )
    if (outcomes.some((outcome) => outcome.status !== 'posted'))
      throw new Error(`an invoice of the bench was refused: ${JSON.stringify(outcomes[0])}`)
    committed += afterCommit - started
    posted += outcomes.length
  }
  for (let warm = 0; warm < (batch === 1 ? 50 : 10); warm += 1) await post()
  committed = 0
  posted = 0
  const started = performance.now()
  const loop = async (): Promise<void> => {
    while (performance.now() - started < seconds * 1000) await post()
  }
  await Promise.all(Array.from({ length: posters }, loop))
  return { posted: (posted * 1000 * posters) / committed, signed: (posted * 1000) / (performance.now() - started) }
}

/** A tax invoice of one line. */
const invoice = {
  customer: {
    name: 'Gulf Trading Est.',
    nameAr: 'مؤسسة الخليج للتجارة',
    identifiers: [{ scheme: 'VAT', value: '311111111111113' }],
    address: { street: 'King Fahd Road', building: '4821', district: 'Al Olaya', city: 'Riyadh', postalCode: '12214', country: 'SA' },
  },
  lines: [{ description: 'ورق طباعة أبيض', quantity: '2', unitPrice: '100.00', tax: 'S15' }],
}
