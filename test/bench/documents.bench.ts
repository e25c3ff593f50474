import { monitorEventLoopDelay } from 'node:perf_hooks'
import defaults from '../../config/default.json' with { type: 'json' }
import { configurationSchema } from '../../config/schema.js'
import type { Company } from '../../core/access/context.js'
import { createDocuments } from '../../core/documents/create-documents.js'
import type { Documents } from '../../core/documents/documents.js'
import { qrSvg } from '../../core/documents/qr.js'
import { invoiceSample } from '../../core/documents/test/invoice-sample.js'
import type { Host } from '../../core/host/module.js'
import { readPlacement } from '../../modules/signatures/templates/read-placement.js'
import { contractSample } from '../../modules/signatures/templates/test/contract-sample.js'
import { readTextContent } from '../../modules/signatures/templates/written/read-content.js'
import { renderContract } from '../../modules/signatures/templates/written/render-contract.js'
import { exampleCompany } from '../helpers/test-host.js'
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
  const contract = await writtenContract(service)
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
    'documents.contract-30-clauses': {
      value: Math.round(contract),
      unit: 'ms',
      limit: 300,
      ofLimit: Math.round((contract / 300) * 100) / 100,
    },
  }
}

/** A contract of 30 clauses in two languages: the best of four, each with another name, in ms. */
async function writtenContract(documents: Documents): Promise<number> {
  // Rendering needs documents and the clock of the host, nothing else.
  const host = { documents, now: () => new Date('2026-11-22T10:00:00Z') } as unknown as Host
  const company: Company = { ...exampleCompany('contract'), id: 'c', sandbox: false }
  const sample = contractSample(['ar', 'en'])
  const { roles } = readPlacement({ roles: sample.roles, fields: [] }, [])
  const content = { content: readTextContent(sample.content, roles), roles }
  const times: number[] = []
  for (const name of ['One', 'Two', 'Three', 'Four', 'Five']) {
    const started = performance.now()
    await renderContract(host, company, content, { ...sample.variables, 'employee.name': name }, {})
    times.push(performance.now() - started)
  }
  return Math.min(...times)
}
