import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LimitedThread, LostThread } from '../../../../documents/limited-thread.js'
import { Fault, type FaultDetail } from '../../../../i18n/fault.js'
import type { InspectedUpload, UploadLimits } from './read-upload.js'

export type { ExistingArea, ExistingField } from './existing-fields.js'
export type { InspectedUpload } from './read-upload.js'

/** A file to be looked at in a thread of its own. */
export interface UploadQuestion {
  readonly bytes: Uint8Array
  readonly limits: UploadLimits
}

/** What was found, or the faults it is refused with. */
export type UploadAnswer =
  | { readonly ok: true; readonly upload: InspectedUpload }
  | { readonly ok: false; readonly status: number; readonly details: readonly FaultDetail[] }

/** What an upload may be. */
export interface UploadOptions {
  /** 2,000 unless told. */
  readonly maximumPages?: number
  /** 25 MB unless told. */
  readonly maximumBytes?: number
  /** Refused unless told. */
  readonly allowSigned?: boolean
}

/** What holds unless told. */
const uploadLimits = { maximumPages: 2000, maximumBytes: 25 * 1024 * 1024, allowSigned: false } as const

const thread = new LimitedThread<UploadQuestion, UploadAnswer>({
  module: new URL(`./upload-thread${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
  timeoutMs: 15_000,
  memoryMb: 512,
  queue: 20,
})

/**
 * Looks at a PDF that somebody uploads to have it signed, in a thread with limits on time and memory. Whatever would keep it from being
 * prepared, shown or signed later is said now.
 * @throws Fault SIGN-UPLOAD-TOO-LARGE (413), -NOT-PDF, -ENCRYPTED, -DAMAGED, -XFA, -SCRIPT, -ACTION, -MEDIA, -EMBEDDED-FILE, -NO-PAGES,
 * -TOO-MANY-PAGES, -PAGE-SIZE, -SIGNED, -CLOSED, -TOO-COMPLEX (it took too long or too much memory), -BUSY (503)
 */
export async function inspectUpload(bytes: Buffer, options: UploadOptions = {}): Promise<InspectedUpload> {
  const limits = { ...uploadLimits, ...options }
  // No copy of what is too large anyway.
  if (bytes.length > limits.maximumBytes)
    throw new Fault('SIGN-UPLOAD-TOO-LARGE', { status: 413, params: { megabytes: Math.floor(limits.maximumBytes / 1024 / 1024) } })
  const answer = await thread.ask({ bytes, limits }).catch((error: unknown): never => {
    if (!(error instanceof LostThread)) throw error
    if (error.loss === 'busy') throw new Fault('SIGN-UPLOAD-BUSY', { status: 503, cause: error })
    throw new Fault('SIGN-UPLOAD-TOO-COMPLEX', { cause: error })
  })
  if (answer.ok) return answer.upload
  const [first] = answer.details
  throw new Fault(first?.code ?? 'SIGN-UPLOAD-DAMAGED', {
    status: answer.status,
    details: answer.details,
    ...(first?.params === undefined ? {} : { params: first.params }),
  })
}
