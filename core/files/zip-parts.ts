import { crc32, inflateRawSync } from 'node:zlib'

/** The bytes are no archive that may be unpacked: damaged, untrue, or larger than its reader takes. */
export class UnreadableZip extends Error {
  constructor(
    readonly reason: 'damaged' | 'large',
    options?: ErrorOptions,
  ) {
    super(reason, options)
    this.name = 'UnreadableZip'
  }
}

/** File of a ZIP archive as it lies there, unpacked only when it is asked for. */
export interface ZipPart {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly size: number
  readonly packed: Buffer
}

/** How much an archive may hold. */
export interface ZipPartLimits {
  readonly files: number
  /** Of all files together, unpacked, as the archive tells it; `unpackPart` takes no more than is told. */
  readonly bytes: number
}

const longestComment = 65_535
const longestName = 1_000

/**
 * Files of an archive from a stranger by its central directory (APPNOTE 6.3.10, 4.3), the only list that counts: nothing is unpacked
 * yet, no name comes twice, no two files share bytes. Split archives, ZIP64 and encryption are not what offices write.
 * @throws UnreadableZip
 */
export function readZipParts(bytes: Buffer, limits: ZipPartLimits): ZipPart[] {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0 || end + 22 > bytes.length || bytes.length - end > longestComment + 22) throw new UnreadableZip('damaged')
  const count = bytes.readUInt16LE(end + 10)
  let at = bytes.readUInt32LE(end + 16)
  if (bytes.readUInt16LE(end + 8) !== count) throw new UnreadableZip('damaged')
  if (count > limits.files) throw new UnreadableZip('large')
  const parts: ZipPart[] = []
  const places: { from: number; to: number }[] = []
  const names = new Set<string>()
  let total = 0
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== 0x02014b50) throw new UnreadableZip('damaged')
    const flags = bytes.readUInt16LE(at + 8)
    const method = bytes.readUInt16LE(at + 10)
    const packedSize = bytes.readUInt32LE(at + 20)
    const size = bytes.readUInt32LE(at + 24)
    const nameLength = bytes.readUInt16LE(at + 28)
    const local = bytes.readUInt32LE(at + 42)
    const next = at + 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
    if (next > end || nameLength > longestName || (flags & 1) !== 0 || (method !== 0 && method !== 8)) throw new UnreadableZip('damaged')
    if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== 0x04034b50) throw new UnreadableZip('damaged')
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    if (start + packedSize > bytes.length) throw new UnreadableZip('damaged')
    total += size
    if (total > limits.bytes) throw new UnreadableZip('large')
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    const key = name.toLowerCase()
    if (names.has(key)) throw new UnreadableZip('damaged')
    names.add(key)
    places.push({ from: local, to: start + packedSize })
    parts.push({ name, method, crc: bytes.readUInt32LE(at + 16), size, packed: bytes.subarray(start, start + packedSize) })
    at = next
  }
  refuseSharedBytes(places)
  return parts
}

/** Files that lie over one another unpack to far more than an archive of its size may hold. */
function refuseSharedBytes(places: readonly { readonly from: number; readonly to: number }[]): void {
  let free = 0
  for (const { from, to } of [...places].sort((a, b) => a.from - b.from)) {
    if (from < free) throw new UnreadableZip('damaged')
    free = to
  }
}

/** @throws UnreadableZip when the bytes are not those the archive tells of */
export function unpackPart(part: ZipPart): Buffer {
  try {
    const bytes = part.method === 0 ? Buffer.from(part.packed) : inflateRawSync(part.packed, { maxOutputLength: part.size + 1 })
    if (bytes.length === part.size && crc32(bytes) === part.crc) return bytes
  } catch (cause) {
    // Not a deflated stream, or longer than it says.
    throw new UnreadableZip('damaged', { cause })
  }
  throw new UnreadableZip('damaged')
}
