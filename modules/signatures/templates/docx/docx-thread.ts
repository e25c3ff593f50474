import { parentPort } from 'node:worker_threads'
import { Fault } from '../../../../core/i18n/fault.js'
import { checkDocx } from './check-docx.js'
import type { CheckAnswer } from './check-in-thread.js'

const port = parentPort
if (port === null) throw new Error('docx-thread runs as a worker thread only')

port.on('message', (bytes: Uint8Array) => {
  let answer: CheckAnswer
  try {
    answer = { ok: true, docx: Uint8Array.from(checkDocx(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) }
  } catch (error) {
    const fault = error instanceof Fault ? error : new Fault('SIGNATURES-DOCX-DAMAGED', { path: 'file' })
    answer = { ok: false, status: fault.status, details: fault.details }
  }
  port.postMessage(answer)
})
