import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { writeZip, type ZipFile } from '../../../core/files/zip-writer.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { recordEvent } from '../services/events.js'

/** An archive is made in memory. */
const largestBytes = 200 * 1024 * 1024

interface SealedRow {
  id: string
  number: string
  name: string
  person: string | null
  sealed: string
  certificate: string | null
  size: string
}

/** How many requests of a bulk sending are finished and still have their files. */
export async function countSigned(transaction: CompanyTransaction, bulkId: string): Promise<number> {
  return (await sealedRows(transaction, bulkId)).length
}

/**
 * Every finished document of a bulk sending with its certificate of completion, as one ZIP archive, named after number and first signer. The
 * files are those that were sealed, byte for byte; each request's log tells of the download.
 * @throws Fault SIGNATURES-BULK-NONE-SIGNED (409), SIGNATURES-BULK-TOO-LARGE (413)
 */
export async function signedFiles(host: Host, transaction: CompanyTransaction, context: CompanyContext, bulkId: string): Promise<Buffer> {
  const rows = await sealedRows(transaction, bulkId)
  if (rows.length === 0) throw new Fault('SIGNATURES-BULK-NONE-SIGNED', { status: 409 })
  if (rows.reduce((sum, { size }) => sum + Number(size), 0) > largestBytes)
    throw new Fault('SIGNATURES-BULK-TOO-LARGE', { status: 413, params: { limit: largestBytes / (1024 * 1024) } })
  const files: ZipFile[] = []
  for (const row of rows) {
    const name = safeName(`${row.number} ${row.person ?? row.name}`)
    files.push({ name: `${name}.pdf`, bytes: (await host.files.get(transaction, row.sealed)).bytes })
    if (row.certificate !== null)
      files.push({ name: `${name}-certificate.pdf`, bytes: (await host.files.get(transaction, row.certificate)).bytes })
    await recordEvent(host, transaction, context, { requestId: row.id, type: 'downloaded', facts: { file: 'signed', sha256: row.sealed } })
  }
  return writeZip(files, { modified: host.now(), unicodeNames: true })
}

async function sealedRows(transaction: CompanyTransaction, bulkId: string): Promise<readonly SealedRow[]> {
  const { rows } = await transaction.knex.raw<{ rows: SealedRow[] }>(
    `select request.id, request.number, request.name, request.sealed_sha256 as sealed, request.certificate_sha256 as certificate,
            (select signer.name from signatures_signer signer
              where signer.company_id = request.company_id and signer.request_id = request.id and signer.action = 'sign'
              order by signer.position limit 1) as person,
            coalesce((select sum(blob.size) from core_blob blob
              where blob.company_id = request.company_id and blob.sha256 in (request.sealed_sha256, request.certificate_sha256)), 0) as size
       from signatures_request request
      where request.company_id = :companyId and request.bulk_id = :bulkId and request.state = 'sealed'
        and request.sealed_sha256 is not null and request.files_deleted_at is null
      order by request.number`,
    { companyId: transaction.companyId, bulkId },
  )
  return rows
}

/** No separators, no marks of direction, no control characters: a name that unpacks where it was put, on every system. */
function safeName(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replace(/[\\/:*?"<>|]/g, '-')
    .trim()
    .slice(0, 120)
}
