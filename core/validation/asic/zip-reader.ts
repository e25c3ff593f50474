import { crc32, inflateRawSync } from 'node:zlib'

/** Thrown by the reader: the bytes are no archive that every program reads in the same way. */
export class MalformedZip extends Error {
  constructor(readonly what: string) {
    super(what)
    this.name = 'MalformedZip'
  }
}

/** A file of the archive, unpacked. */
export interface ZipEntry {
  readonly name: string
  readonly bytes: Buffer
  /** Kept as it is, without extra fields: what EN 319 162-1 asks of `mimetype`. */
  readonly plain: boolean
}

/** An archive that was read whole. */
export interface ZipArchive {
  /** In the order in which they lie in the file. */
  readonly entries: readonly ZipEntry[]
  readonly comment: string
}

/** How much an archive may hold. */
export interface ZipLimits {
  readonly files: number
  /** Of all files together, unpacked. */
  readonly bytes: number
}

/** What holds unless told. */
const zipLimits: ZipLimits = { files: 2_000, bytes: 512 * 1024 * 1024 }

interface DirectoryEntry {
  readonly name: string
  readonly path: Buffer
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly offset: number
  readonly extra: number
}

const stored = 0
const deflated = 8
/** Encrypted, patched, strongly encrypted, masked headers. */
const unreadableFlags = 0x0001 | 0x0020 | 0x0040 | 0x2000
const withDescriptor = 0x0008

/**
 * Reads a ZIP archive (APPNOTE 6.3) in the one way in which it can be read: directory and local headers say the same, files lie one
 * behind the other from the first byte to the directory, no name comes twice, no name leaves the archive, nothing is encrypted, nothing
 * lies between or behind. Not read: ZIP64, several disks.
 * @throws MalformedZip
 */
export function readZip(bytes: Buffer, limits: ZipLimits = zipLimits): ZipArchive {
  const end = endRecord(bytes)
  if (end.count > limits.files) throw new MalformedZip('too many files')
  const directory = readDirectory(bytes, end)
  const names = new Set<string>()
  // Two names that differ in case alone are one file where they are unpacked on many machines.
  for (const { name } of directory) {
    checkName(name)
    const key = name.normalize('NFC').toLowerCase()
    if (names.has(key)) throw new MalformedZip('a name twice')
    names.add(key)
  }
  const entries: ZipEntry[] = []
  let at = 0
  let left = limits.bytes
  for (const entry of [...directory].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset !== at) throw new MalformedZip('bytes between the files')
    left -= entry.size
    if (left < 0) throw new MalformedZip('too large')
    const read = readLocal(bytes, entry, end.directoryStart)
    entries.push(read.entry)
    at = read.end
  }
  if (at !== end.directoryStart) throw new MalformedZip('bytes before the directory')
  return { entries, comment: end.comment }
}

interface EndRecord {
  readonly count: number
  readonly directoryStart: number
  readonly directoryEnd: number
  readonly comment: string
}

/** The end record must end the file: a second one inside a comment would be the directory of another reader. */
function endRecord(bytes: Buffer): EndRecord {
  const marker = Buffer.from('504b0506', 'hex')
  const at = bytes.lastIndexOf(marker)
  if (at < 0 || at + 22 > bytes.length) throw new MalformedZip('no end of directory')
  const commentLength = bytes.readUInt16LE(at + 20)
  if (at + 22 + commentLength !== bytes.length) throw new MalformedZip('bytes behind the end')
  const count = bytes.readUInt16LE(at + 10)
  if (bytes.readUInt16LE(at + 4) !== 0 || bytes.readUInt16LE(at + 6) !== 0 || bytes.readUInt16LE(at + 8) !== count)
    throw new MalformedZip('several disks')
  const size = bytes.readUInt32LE(at + 12)
  const directoryStart = bytes.readUInt32LE(at + 16)
  if (count === 0xffff || size === 0xffff_ffff || directoryStart === 0xffff_ffff) throw new MalformedZip('ZIP64')
  if (directoryStart + size !== at) throw new MalformedZip('directory is not where the end says')
  return { count, directoryStart, directoryEnd: at, comment: bytes.toString('latin1', at + 22) }
}

function readDirectory(bytes: Buffer, end: EndRecord): DirectoryEntry[] {
  const found: DirectoryEntry[] = []
  let at = end.directoryStart
  while (at < end.directoryEnd) {
    if (at + 46 > end.directoryEnd || bytes.readUInt32LE(at) !== 0x02014b50) throw new MalformedZip('directory')
    const nameLength = bytes.readUInt16LE(at + 28)
    const extra = bytes.readUInt16LE(at + 30)
    const comment = bytes.readUInt16LE(at + 32)
    const next = at + 46 + nameLength + extra + comment
    if (next > end.directoryEnd) throw new MalformedZip('directory')
    if (comment !== 0) throw new MalformedZip('comment of a file')
    if (bytes.readUInt16LE(at + 34) !== 0) throw new MalformedZip('several disks')
    const flags = bytes.readUInt16LE(at + 8)
    const path = bytes.subarray(at + 46, at + 46 + nameLength)
    found.push({
      name: nameOf(path, flags),
      path,
      flags,
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
      extra,
    })
    at = next
  }
  if (found.length !== end.count) throw new MalformedZip('number of files')
  return found
}

/** ASCII, or UTF-8 where the flag says so (APPNOTE appendix D); another code page is another name to another reader. */
function nameOf(path: Buffer, flags: number): string {
  const text = path.toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(path)) throw new MalformedZip('name is no UTF-8')
  if ((flags & 0x0800) === 0 && !/^[\x20-\x7e]*$/.test(text)) throw new MalformedZip('name without a code page')
  return text
}

function checkName(name: string): void {
  const steps = name.split('/')
  const unsafe =
    name === '' ||
    name.length > 255 ||
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\:]/u.test(name) ||
    steps.some((step, index) => step === '.' || step === '..' || (step === '' && index < steps.length - 1))
  if (unsafe) throw new MalformedZip('name')
}

function readLocal(bytes: Buffer, entry: DirectoryEntry, limit: number): { entry: ZipEntry; end: number } {
  const { offset, path, method, flags } = entry
  if (offset + 30 > limit || bytes.readUInt32LE(offset) !== 0x04034b50) throw new MalformedZip('local header')
  const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28)
  const end = start + entry.packed
  if (end > limit) throw new MalformedZip('local header')
  if ((flags & unreadableFlags) !== 0) throw new MalformedZip('encrypted')
  const extra = bytes.readUInt16LE(offset + 28)
  const same =
    bytes.readUInt16LE(offset + 6) === flags &&
    bytes.readUInt16LE(offset + 8) === method &&
    bytes.subarray(offset + 30, offset + 30 + bytes.readUInt16LE(offset + 26)).equals(path)
  if (!same) throw new MalformedZip('local header says something else than the directory')
  const told = [bytes.readUInt32LE(offset + 14), bytes.readUInt32LE(offset + 18), bytes.readUInt32LE(offset + 22)]
  const meant = [entry.crc, entry.packed, entry.size]
  const behind = (flags & withDescriptor) !== 0
  if (!told.every((value, index) => value === meant[index] || (behind && value === 0)))
    throw new MalformedZip('local header says something else than the directory')
  const content = unpacked(bytes.subarray(start, end), entry)
  if (crc32(content) !== entry.crc) throw new MalformedZip('checksum')
  const plain = method === stored && extra === 0 && entry.extra === 0 && !behind
  return { entry: { name: entry.name, bytes: content, plain }, end: behind ? descriptorEnd(bytes, end, meant, limit) : end }
}

function unpacked(packed: Buffer, { method, size }: DirectoryEntry): Buffer {
  if (method === stored) {
    if (packed.length !== size) throw new MalformedZip('size')
    return packed
  }
  if (method !== deflated) throw new MalformedZip('compression')
  try {
    // Typed as a buffer; with `info` it is an object (node:zlib).
    const answer = inflateRawSync(packed, { maxOutputLength: Math.max(size, 1), info: true }) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    // What lies behind the end of the stream is seen by nobody.
    if (answer.engine.bytesWritten !== packed.length || answer.buffer.length !== size) throw new MalformedZip('size')
    return answer.buffer
  } catch (error) {
    if (error instanceof MalformedZip) throw error
    throw new MalformedZip('compression')
  }
}

/** Checksum and sizes behind the file (APPNOTE 4.3.9), with or without their mark. */
function descriptorEnd(bytes: Buffer, at: number, meant: readonly number[], limit: number): number {
  for (const start of [at + 4, at]) {
    if (start + 12 > limit || (start !== at && bytes.readUInt32LE(at) !== 0x08074b50)) continue
    if (meant.every((value, index) => bytes.readUInt32LE(start + index * 4) === value)) return start + 12
  }
  throw new MalformedZip('sizes behind a file')
}
