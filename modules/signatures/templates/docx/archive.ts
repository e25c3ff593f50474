import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { Fault } from '../../../../core/i18n/fault.js'

/** Entry of a ZIP archive as it lies there, unpacked only when it is asked for. */
export interface ArchiveEntry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly size: number
  readonly packed: Buffer
}

const mostEntries = 5000
const mostBytes = 200 * 1024 * 1024
const longestComment = 65_535

/**
 * Entries of a ZIP archive by its central directory (APPNOTE 6.3.10, 4.3), the only list that counts. Split archives, ZIP64 and
 * encryption are not what word processors write.
 * @throws Fault SIGNATURES-DOCX-DAMAGED
 */
export function readArchive(bytes: Buffer): ArchiveEntry[] {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0 || end + 22 > bytes.length || bytes.length - end > longestComment + 22) throw damaged()
  const count = bytes.readUInt16LE(end + 10)
  let at = bytes.readUInt32LE(end + 16)
  if (count > mostEntries || bytes.readUInt16LE(end + 8) !== count) throw damaged()
  const entries: ArchiveEntry[] = []
  let total = 0
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== 0x02014b50) throw damaged()
    const flags = bytes.readUInt16LE(at + 8)
    const method = bytes.readUInt16LE(at + 10)
    const packedSize = bytes.readUInt32LE(at + 20)
    const size = bytes.readUInt32LE(at + 24)
    const nameLength = bytes.readUInt16LE(at + 28)
    const local = bytes.readUInt32LE(at + 42)
    const next = at + 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
    if (next > end || (flags & 1) !== 0 || (method !== 0 && method !== 8)) throw damaged()
    if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== 0x04034b50) throw damaged()
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    if (start + packedSize > bytes.length) throw damaged()
    total += size
    if (total > mostBytes) throw damaged()
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    if (entries.some((entry) => entry.name.toLowerCase() === name.toLowerCase())) throw damaged()
    entries.push({ name, method, crc: bytes.readUInt32LE(at + 16), size, packed: bytes.subarray(start, start + packedSize) })
    at = next
  }
  return entries
}

/** @throws Fault SIGNATURES-DOCX-DAMAGED when the bytes are not those the archive tells of */
export function unpack(entry: ArchiveEntry): Buffer {
  try {
    const bytes = entry.method === 0 ? Buffer.from(entry.packed) : inflateRawSync(entry.packed, { maxOutputLength: entry.size + 1 })
    if (bytes.length === entry.size && crc32(bytes) === entry.crc) return bytes
  } catch {
    // Not a deflated stream, or longer than it says.
  }
  throw damaged()
}

export function packEntry(name: string, bytes: Buffer): ArchiveEntry {
  return { name, method: 8, crc: crc32(bytes), size: bytes.length, packed: deflateRawSync(bytes) }
}

/** An archive of just these entries: what stood between or behind those of the source is gone. */
export function writeArchive(entries: readonly ArchiveEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, method, crc, size, packed } of entries) {
    const title = Buffer.from(name, 'utf8')
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x0800, 2)
    common.writeUInt16LE(method, 4)
    // 1 January 1980: the time of the upload is no part of it.
    common.writeUInt16LE(0x21, 8)
    common.writeUInt32LE(crc, 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(size, 18)
    common.writeUInt16LE(title.length, 22)
    const head = Buffer.alloc(46)
    head.writeUInt32LE(0x02014b50, 0)
    head.writeUInt16LE(20, 4)
    common.copy(head, 6)
    head.writeUInt32LE(at, 42)
    directory.push(head, title)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, title, packed])
    parts.push(local)
    at += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, list, end])
}

function damaged(): Fault {
  return new Fault('SIGNATURES-DOCX-DAMAGED', { path: 'file' })
}
