import type { Host } from '../../../core/host/module.js'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import type { IssuedDocument } from './codes.js'

/** Judges bytes from a stranger, with limits on time and memory. @throws Fault VERIFY-BUSY (503) */
export type Judge = (file: string, bytes: Uint8Array, content?: Uint8Array) => Promise<DocumentVerdict>

/** The verdict on the one file the house stored for a document; null while there is none. */
export async function judgeIssued(host: Host, judge: Judge, companyId: string, document: IssuedDocument): Promise<DocumentVerdict | null> {
  const { sha256, subject } = document
  if (sha256 === null) return null
  const { bytes } = await host.db.company(companyId, (transaction) => host.files.get(transaction, sha256))
  return judge(subject.label, bytes)
}
