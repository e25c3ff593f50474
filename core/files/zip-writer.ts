import { crc32 } from 'node:zlib'

/** A file to be packed. */
export interface ZipFile {
  /** Path with `/`; ASCII, unless the archive says `unicodeNames`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** How the archive is written. */
export interface ZipOptions {
  /** Of all files. Unless told 1980-01-01 00:00, the first day that the format knows: then it says nothing of when it was packed. */
  readonly modified?: Date
  /** Names in UTF-8 (general purpose bit 11), for archives that people unpack. */
  readonly unicodeNames?: boolean
}

const firstDay = new Date(Date.UTC(1980, 0, 1))
const unicodeFlag = 0x0800
const largest = 0xffff_ffff
const mostFiles = 0xffff

/**
 * A ZIP archive (APPNOTE 6.3.3) in which nothing is left to choose: files in the order given, stored as they are, no extra fields, no
 * comment, one fixed time. The same files are the same bytes, so a reader that writes what it read again finds any byte that was changed.
 * ASCII names alone unless told: two readers may read others in two ways.
 * @throws RangeError for a name that is not plain ASCII, for more than 4 GiB or 65,535 files
 */
export function writeZip(files: readonly ZipFile[], { modified = firstDay, unicodeNames = false }: ZipOptions = {}): Buffer {
  if (files.length >= mostFiles) throw new RangeError('too many files for a container')
  const parts: Uint8Array[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, bytes } of files) {
    if (!unicodeNames && (!/^[\x21-\x7e][\x20-\x7e]*$/.test(name) || name.length > 255))
      throw new RangeError('a name in a container is plain ASCII')
    const path = Buffer.from(name)
    const facts = factsOf(path, bytes, modified, unicodeNames ? unicodeFlag : 0)
    const local = Buffer.concat([signatureOf(0x04034b50), facts, path])
    directory.push(Buffer.concat([signatureOf(0x02014b50), Buffer.from([20, 0]), facts, directoryTail(offset), path]))
    parts.push(local, bytes)
    offset += local.length + bytes.length
    if (offset > largest) throw new RangeError('a container holds less than 4 GiB')
  }
  const entries = Buffer.concat(directory)
  return Buffer.concat([...parts, entries, endOf(files.length, entries.length, offset)])
}

/** What local header and directory say in the same words: version needed to the length of the extra field. */
function factsOf(path: Buffer, bytes: Uint8Array, modified: Date, flags: number): Buffer {
  const facts = Buffer.alloc(26)
  facts.writeUInt16LE(20, 0)
  facts.writeUInt16LE(flags, 2)
  facts.writeUInt16LE(0, 4)
  facts.writeUInt16LE((modified.getUTCHours() << 11) | (modified.getUTCMinutes() << 5) | (modified.getUTCSeconds() >> 1), 6)
  facts.writeUInt16LE(((modified.getUTCFullYear() - 1980) << 9) | ((modified.getUTCMonth() + 1) << 5) | modified.getUTCDate(), 8)
  facts.writeUInt32LE(crc32(bytes), 10)
  facts.writeUInt32LE(bytes.length, 14)
  facts.writeUInt32LE(bytes.length, 18)
  facts.writeUInt16LE(path.length, 22)
  return facts
}

function signatureOf(value: number): Buffer {
  const signature = Buffer.alloc(4)
  signature.writeUInt32LE(value)
  return signature
}

/** Comment, disk, attributes: none; then where the local header begins. */
function directoryTail(offset: number): Buffer {
  const tail = Buffer.alloc(14)
  tail.writeUInt32LE(offset, 10)
  return tail
}

function endOf(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return end
}
