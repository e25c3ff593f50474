import { parentPort, workerData } from 'node:worker_threads'
import { TypstCompiler, TypstFailure } from './typst-compiler.js'
import type { DocumentAnswer, DocumentJob, WorkerSettings } from './worker-messages.js'

const port = parentPort
if (port === null) throw new Error('document-worker runs as a worker thread only')

// Boundary: workerData is what document-pool.ts put there.
const settings = workerData as WorkerSettings
let compiler: TypstCompiler | undefined

port.on('message', (job: DocumentJob) => {
  try {
    compiler ??= new TypstCompiler(settings.templatesDir)
    if (job.kind === 'svg') {
      port.postMessage({ id: job.id, ok: true, kind: 'svg', svg: compiler.svg(job) } satisfies DocumentAnswer)
      return
    }
    const { pdf, pages, boxes } = compiler.pdf(job)
    // A copy, because memory that native code owns cannot be handed over to another thread.
    const bytes = new ArrayBuffer(pdf.byteLength)
    new Uint8Array(bytes).set(pdf)
    port.postMessage({ id: job.id, ok: true, kind: 'pdf', pdf: bytes, pages, boxes } satisfies DocumentAnswer, [bytes])
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const place = error instanceof TypstFailure ? error.place : ''
    port.postMessage({ id: job.id, ok: false, message, place } satisfies DocumentAnswer)
  }
})
