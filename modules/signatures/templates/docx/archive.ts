import { crc32, deflateRawSync } from 'node:zlib'
import { readZipParts, UnreadableZip, unpackPart, type ZipPart } from '../../../../core/files/zip-parts.js'
import { Fault } from '../../../../core/i18n/fault.js'

/** Entry of a ZIP archive as it lies there, unpacked only when it is asked for. */
export type ArchiveEntry = ZipPart

const limits = { files: 5000, bytes: 200 * 1024 * 1024 }

/** Entries of a Word document. @throws Fault SIGNATURES-DOCX-DAMAGED */
export function readArchive(bytes: Buffer): ArchiveEntry[] {
  return orDamaged(() => readZipParts(bytes, limits))
}

/** @throws Fault SIGNATURES-DOCX-DAMAGED when the bytes are not those the archive tells of */
export function unpack(entry: ArchiveEntry): Buffer {
  return orDamaged(() => unpackPart(entry))
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

function orDamaged<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof UnreadableZip) throw new Fault('SIGNATURES-DOCX-DAMAGED', { path: 'file', cause: error })
    throw error
  }
}
