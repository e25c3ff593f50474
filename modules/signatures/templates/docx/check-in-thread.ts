import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LimitedThread, LostThread } from '../../../../core/documents/limited-thread.js'
import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'

export type CheckAnswer =
  | { readonly ok: true; readonly docx: Uint8Array }
  | { readonly ok: false; readonly status: number; readonly details: readonly FaultDetail[] }

const thread = new LimitedThread<Uint8Array, CheckAnswer>({
  module: new URL(`./docx-thread${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
  timeoutMs: 60_000,
  memoryMb: 1024,
  queue: 8,
})

/**
 * `checkDocx` where a file that hangs or bursts costs its own answer alone.
 * @throws Fault of checkDocx; SIGNATURES-DOCX-BUSY (503), SIGNATURES-DOCX-TIMEOUT
 */
export async function checkInThread(bytes: Buffer): Promise<Buffer> {
  const answer = await thread.ask(Uint8Array.from(bytes)).catch((error: unknown): never => {
    if (!(error instanceof LostThread)) throw error
    if (error.loss === 'busy') throw new Fault('SIGNATURES-DOCX-BUSY', { status: 503, path: 'file', cause: error })
    throw new Fault('SIGNATURES-DOCX-TIMEOUT', { path: 'file', params: { seconds: 60 }, cause: error })
  })
  if (answer.ok) return Buffer.from(answer.docx.buffer)
  const [first] = answer.details
  throw new Fault(first?.code ?? 'SIGNATURES-DOCX-DAMAGED', { ...first, status: answer.status, details: answer.details })
}
