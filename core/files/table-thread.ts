import { parentPort } from 'node:worker_threads'
import { Fault } from '../i18n/fault.js'
import { readCsv } from './read-csv.js'
import { tableType, type TableAnswer } from './read-table.js'
import { readWorkbook } from './read-workbook.js'

const port = parentPort
if (port === null) throw new Error('table-thread runs as a worker thread only')

async function read(bytes: Buffer): Promise<string[][]> {
  return tableType(bytes) === 'text/csv' ? readCsv(bytes) : readWorkbook(bytes)
}

port.on('message', (bytes: Uint8Array) => {
  read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).then(
    (rows) => {
      port.postMessage({ ok: true, rows } satisfies TableAnswer)
    },
    (error: unknown) => {
      const fault = error instanceof Fault ? error : new Fault('FILE-TABLE-TYPE')
      port.postMessage({
        ok: false,
        code: fault.code,
        status: fault.status,
        params: fault.details[0]?.params ?? {},
      } satisfies TableAnswer)
    },
  )
})
