import { createHash } from 'node:crypto'
import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import type { Files, StoredFile } from './files.js'

/** One value of PostgreSQL may hold 1 GB, but it passes through memory several times. */
const largestFile = 64 * 1024 * 1024
const largestStatement = 64 * 1024 * 1024
const mostRows = 500

/** Files up to this many bytes are read by one statement. */
const readAtOnce = 4 * 1024 * 1024

/** Files as rows of the company, named by their SHA-256: written once, shared by all documents that hold the same bytes. */
export function createFiles(): Files {
  async function putMany(
    transaction: CompanyTransaction,
    files: readonly { bytes: Uint8Array; mediaType: string }[],
  ): Promise<StoredFile[]> {
    const stored = files.map(({ bytes, mediaType }) => {
      if (bytes.byteLength > largestFile) {
        throw new Fault('FILE-TOO-LARGE', { status: 413, params: { size: bytes.byteLength, limit: largestFile } })
      }
      return { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.byteLength, mediaType }
    })
    const rows = new Map<string, FileRow>()
    for (const [index, file] of files.entries()) {
      const facts = stored[index]
      if (facts === undefined || rows.has(facts.sha256)) continue
      const bytes = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength)
      rows.set(facts.sha256, {
        company_id: transaction.companyId,
        sha256: facts.sha256,
        media_type: facts.mediaType,
        size: facts.size,
        bytes,
      })
    }
    for (const part of statements([...rows.values()])) {
      await transaction.knex('core_blob').insert(part).onConflict(['company_id', 'sha256']).ignore()
    }
    return stored
  }

  return {
    async put(transaction, bytes, mediaType) {
      const [file] = await putMany(transaction, [{ bytes, mediaType }])
      if (file === undefined) throw new Error('putMany answered nothing for one file')
      return file
    },
    putMany,
    async get(transaction, sha256) {
      const { knex, companyId } = transaction
      const row: (Omit<FileRow, 'bytes'> & { bytes: Buffer | null }) | undefined = await knex('core_blob')
        .where({ company_id: companyId, sha256 })
        .first('media_type', 'size', knex.raw('case when size <= ? then bytes end as bytes', [readAtOnce]))
      if (row === undefined) throw new Fault('FILE-MISSING', { status: 404, params: { sha256 } })
      const bytes = row.bytes ?? (await readPieces(transaction, sha256, row.size))
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw new Fault('FILE-CORRUPT', { status: 500, params: { sha256 } })
      }
      return { bytes, mediaType: row.media_type }
    },
    async size(transaction, sha256) {
      const row = await transaction.knex<FileRow>('core_blob').where({ company_id: transaction.companyId, sha256 }).first('size')
      if (row === undefined) throw new Fault('FILE-MISSING', { status: 404, params: { sha256 } })
      return row.size
    },
    async parts(transaction, sha256, ranges) {
      const { knex, companyId } = transaction
      // The column is stored out of line and uncompressed: PostgreSQL reads only the pieces that hold the part.
      const columns = ranges.map(({ begin, end }, index) =>
        knex.raw('substring(bytes from ?::int for ?::int) as ??', [begin + 1, end - begin, `part${String(index)}`]),
      )
      const [row]: Record<string, Buffer>[] = await knex('core_blob').where({ company_id: companyId, sha256 }).select(columns)
      if (row === undefined) throw new Fault('FILE-MISSING', { status: 404, params: { sha256 } })
      return Buffer.concat(ranges.map((_, index) => row[`part${String(index)}`] ?? Buffer.alloc(0)))
    },
  }
}

/** A large file piece by piece: the driver reads each as text of twice its length, which need not be held for the whole file at once. */
async function readPieces({ knex, companyId }: CompanyTransaction, sha256: string, size: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(size)
  for (let begin = 0; begin < size; begin += readAtOnce) {
    const piece: { bytes: Buffer } | undefined = await knex('core_blob')
      .where({ company_id: companyId, sha256 })
      .first(knex.raw('substring(bytes from ?::int for ?::int) as bytes', [begin + 1, Math.min(readAtOnce, size - begin)]))
    // Gone, or shorter than it says, since the first look: the digest tells.
    piece?.bytes.copy(whole, begin)
  }
  return whole
}

interface FileRow {
  company_id: string
  sha256: string
  media_type: string
  size: number
  bytes: Buffer
}

/** Usually one; several when the bytes are too many for one message to the server. */
function statements(rows: readonly FileRow[]): FileRow[][] {
  const parts: FileRow[][] = []
  let size = Infinity
  for (const row of rows) {
    const current = parts.at(-1)
    if (current === undefined || size + row.size > largestStatement || current.length >= mostRows) {
      parts.push([row])
      size = row.size
    } else {
      current.push(row)
      size += row.size
    }
  }
  return parts
}
