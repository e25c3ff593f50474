// Answers as the real worker does, unless the template tells it to crash, to hang or to run out of memory.
import { parentPort } from 'node:worker_threads'

parentPort.on('message', (job) => {
  if (job.template === 'test/crash') throw new Error('crashed on purpose')
  if (job.template === 'test/exit') process.exit(3)
  if (job.template === 'test/memory') {
    const kept = []
    for (;;) kept.push(new Array(1e6).fill({ job }))
  }
  if (job.template === 'test/hang') for (;;);
  const pdf = new TextEncoder().encode(job.data).buffer
  parentPort.postMessage({ id: job.id, ok: true, kind: 'pdf', pdf, pages: 1, boxes: [] }, [pdf])
})
