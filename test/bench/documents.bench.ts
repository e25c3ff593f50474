import { monitorEventLoopDelay } from 'node:perf_hooks'
import defaults from '../../config/default.json' with { type: 'json' }
import { configurationSchema } from '../../config/schema.js'
import { createDocuments } from '../../core/documents/create-documents.js'
import { qrSvg } from '../../core/documents/qr.js'
import { invoiceSample } from '../../core/documents/test/invoice-sample.js'
import type { BenchFigures } from './figure.js'

const documents = 200

/** Invoices rendered to PDF/A-3b by two workers: documents a second, longest stop of the event loop, memory. */
export async function run(): Promise<BenchFigures> {
  const service = createDocuments(configurationSchema.parse(defaults))
  let made = 0
  // No two are the same: number, customer, texts, amounts and QR code differ, or the compiler would answer from memory.
  const render = (lineCount: number): ReturnType<typeof service.render> => {
    made += 1
    const number = `INV/2026/${String(made).padStart(5, '0')}`
    const sample = invoiceSample({ lineCount, number, notes: `يُرجى ذِكرُ رقمِ الفاتورةِ (${number}) عند التحويل.` })
    const data = {
      ...sample,
      customer: sample.customer && { ...sample.customer, names: [`مؤسسة النخيل رقم ${made}`, `Al Nakheel No ${made}`] },
      lines: sample.lines.map((line, index) => ({
        ...line,
        description: `${line.description} ${made}-${index}`,
        net: `${made % 90},${400 + index}.00`,
        gross: `${made % 90},${760 + index}.00`,
      })),
      totals: sample.totals.map((total, index) => ({ ...total, amount: `${made % 90},${100 + index}.00` })),
    }
    const qr = qrSvg(`${'AQ5Cb2JzIFJlY29yZHMCDzMxMDEyMjM5MzUwMDAwMw=='.repeat(6)}${made}`)
    return service.render({
      template: 'invoicing/invoice',
      data,
      locale: 'ar',
      digits: 'latin',
      images: { 'qr.svg': { bytes: Buffer.from(qr), mediaType: 'image/svg+xml' } },
      attachments: [
        {
          name: 'INV-2026-00012.xml',
          bytes: Buffer.alloc(14_000, '<a/>'),
          mediaType: 'application/xml',
          relationship: 'data',
          description: 'Legal file',
        },
      ],
      standard: 'a-3b',
      createdAt: new Date('2026-11-22T07:30:00Z'),
      title: number,
    })
  }
  const started = performance.now()
  await render(3)
  const first = performance.now() - started
  await Promise.all(Array.from({ length: 8 }, () => render(3)))

  const rate = async (lineCount: number, count: number): Promise<number> => {
    const begin = performance.now()
    const rendering: ReturnType<typeof render>[] = []
    for (let index = 0; index < count; index += 1) {
      rendering.push(render(lineCount))
      // Requests come one by one; making them all in one turn would measure this loop.
      await new Promise(setImmediate)
    }
    await Promise.all(rendering)
    return Math.round((count * 10_000) / (performance.now() - begin)) / 10
  }
  const before = process.cpuUsage()
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const three = await rate(3, documents)
  delay.disable()
  const spent = process.cpuUsage(before)
  const twenty = await rate(20, documents / 4)
  const memory = Math.round(process.memoryUsage().rss / 1_048_576)
  await service.close()
  return {
    'documents.first': { value: Math.round(first), unit: 'ms' },
    'documents.invoice-3-lines': { value: three, unit: 'PDFs/s' },
    'documents.invoice-3-lines-work': { value: Math.round((spent.user + spent.system) / 100 / documents) / 10, unit: 'ms CPU/PDF' },
    'documents.invoice-20-lines': { value: twenty, unit: 'PDFs/s' },
    'documents.event-loop-longest-stop': {
      value: Math.round(delay.max / 1e5) / 10,
      unit: 'ms',
      limit: 50,
      ofLimit: Math.round((delay.max / 1e6 / 50) * 100) / 100,
    },
    'documents.memory': { value: memory, unit: 'MiB RSS' },
  }
}
