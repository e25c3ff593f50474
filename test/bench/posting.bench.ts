import { sampleInput, startTestHost } from '../../modules/invoicing/test/running-host.js'
import { postInvoices } from '../../modules/invoicing/index.js'
import type { BenchFigures } from './figure.js'

const seconds = 5

/** Invoices posted per second through the real database: one per transaction, fifty per transaction, by one poster and by four. */
export async function run(): Promise<BenchFigures> {
  const running = await startTestHost()
  try {
    const rate = async (batch: number, posters: number): Promise<number> => {
      const post = async (): Promise<number> => {
        const outcomes = await postInvoices(
          running.host,
          running.context,
          Array.from({ length: batch }, () => ({ input: sampleInput() })),
        )
        if (outcomes.some((outcome) => outcome.status !== 'posted')) throw new Error('an invoice of the bench was refused')
        return outcomes.length
      }
      for (let warm = 0; warm < 10; warm += 1) await post()
      const started = performance.now()
      let posted = 0
      const loop = async (): Promise<void> => {
        while (performance.now() - started < seconds * 1000) posted += await post()
      }
      await Promise.all(Array.from({ length: posters }, loop))
      return Math.round((posted * 1000) / (performance.now() - started))
    }
    const single = await rate(1, 1)
    const parallel = await rate(1, 4)
    const batched = await rate(50, 1)
    const figure = (value: number, goal: number): BenchFigures[string] => ({
      value,
      unit: 'invoices/s',
      limit: goal,
      ofLimit: Math.round((value / goal) * 100) / 100,
    })
    return {
      'posting.single': figure(single, 200),
      'posting.single.four-posters': figure(parallel, 200),
      'posting.batch-50': figure(batched, 1500),
    }
  } finally {
    await running.stop()
  }
}
