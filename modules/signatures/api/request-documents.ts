import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { FileAnswer } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { SignRequest } from '../models/request.js'

/** Files of a request by the name they have in addresses. */
export const documents = {
  original: { column: 'originalSha256', suffix: 'original' },
  current: { column: 'headSha256', suffix: 'current' },
  signed: { column: 'sealedSha256', suffix: 'signed' },
  certificate: { column: 'certificateSha256', suffix: 'certificate' },
  'event-log': { column: 'eventLogSha256', suffix: 'event-log' },
  evidence: { column: 'evidenceSha256', suffix: 'evidence' },
} as const satisfies Record<string, { column: keyof SignRequest; suffix: string }>
export const documentNames = Object.keys(documents)

/** A file of a request under its number. @param name as in addresses: `signed` @throws Fault SIGNATURES-DOCUMENT-MISSING (404) */
export async function documentAnswer(
  host: Host,
  transaction: CompanyTransaction,
  request: SignRequest,
  name: string,
  disposition: 'inline' | 'attachment' = 'attachment',
): Promise<FileAnswer> {
  const document = Object.entries(documents).find(([known]) => known === name)?.[1]
  const sha256 = document === undefined ? null : request[document.column]
  if (document === undefined || sha256 === null) throw new Fault('SIGNATURES-DOCUMENT-MISSING', { status: 404 })
  const { bytes, mediaType } = await host.files.get(transaction, sha256)
  const extension = name === 'evidence' ? 'asice' : 'pdf'
  return new FileAnswer(bytes, mediaType, `${request.number.replaceAll('/', '-')}-${document.suffix}.${extension}`, disposition)
}
