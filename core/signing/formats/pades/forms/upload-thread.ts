import { parentPort } from 'node:worker_threads'
import { Fault } from '../../../../i18n/fault.js'
import type { UploadAnswer, UploadQuestion } from './inspect-upload.js'
import { readUpload } from './read-upload.js'

const port = parentPort
if (port === null) throw new Error('upload-thread runs as a worker thread only')

port.on('message', ({ bytes, limits }: UploadQuestion) => {
  let answer: UploadAnswer
  try {
    answer = { ok: true, upload: readUpload(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), limits) }
  } catch (error) {
    const fault = error instanceof Fault ? error : new Fault('SIGN-UPLOAD-DAMAGED')
    answer = { ok: false, status: fault.status, details: fault.details }
  }
  port.postMessage(answer)
})
