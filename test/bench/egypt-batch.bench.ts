import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalHash, canonicalTextOf, signEtaDocuments } from '../../modules/compliance-egypt/index.js'
import { writeEtaDocument } from '../../modules/compliance-egypt/document/build-eta-document.js'
import { egyptFacts, egyptInvoice } from '../../modules/compliance-egypt/test/egypt-invoice.js'
import { keyWith } from '../../modules/compliance-egypt/test/signing-house.js'
import { startSandbox } from '../../modules/sandbox/index.js'
import { startTestHost } from '../helpers/test-host.js'
import type { BenchFigures } from './figure.js'

type EtaDocument = Parameters<typeof signEtaDocuments>[2][number]

/** What one job signs in one opening of the key. */
const batch = 50
const batches = 30

/** A day's invoices as a host signs them: key chosen, rows written before and after, every signature checked in its finished document. */
export async function run(): Promise<BenchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'khatm-bench-egypt-'))
  const sandbox = await startSandbox({ dataDir: join(folder, 'sandbox') })
  const running = await startTestHost({ config: { allowedPrivateOrigins: [new URL(sandbox.url).origin] } })
  try {
    const context = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo' })
    await running.host.modules.enable(context, 'compliance-egypt')
    await keyWith(running, sandbox, context, { name: 'bench', rin: egyptFacts.rin })
    const sign = async (documents: readonly EtaDocument[]): Promise<void> => {
      const signed = await signEtaDocuments(running.host, context, documents)
      if (!signed.every((one) => one !== null && 'bytes' in one)) throw new RangeError('a document without signature')
    }
    for (let turn = 0; turn < 6; turn++) await sign(documents(batch))
    const made = Array.from({ length: batches }, () => documents(batch))
    const [before, started] = [process.cpuUsage(), performance.now()]
    for (const one of made) await sign(one)
    const milliseconds = performance.now() - started
    const { user, system } = process.cpuUsage(before)
    const count = batch * batches
    return {
      'egypt.batch': { value: Math.round((count * 1000) / milliseconds), unit: `documents/s signed and kept, ${String(batch)} at once` },
      'egypt.batch.cpu': { value: Math.round((user + system) / count), unit: 'µs of CPU a document, without the database' },
    }
  } finally {
    await running.stop()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function documents(count: number): EtaDocument[] {
  return Array.from({ length: count }, () => {
    const id = randomUUID()
    const invoice = { ...egyptInvoice(), id, number: `INV/${id}` }
    const { bytes, read } = writeEtaDocument(invoice, egyptFacts)
    const hash = canonicalHash(canonicalTextOf(read))
    return { invoiceId: id, kind: 'document', uuid: id, chain: null, payload: bytes, payloadMediaType: 'application/json', hash, invoice }
  })
}
