import { createHash, type Hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { Fault } from '../../../i18n/fault.js'
import type { PdfDictionary, PdfReference } from '../../../validation/pdf/objects.js'
import type { DigestAlgorithm } from '../../key.js'
import type { GrowingPdf } from './growing-pdf.js'
import type { IncrementalUpdate } from './incremental-update.js'
import { writeDictionary } from './object-writer.js'

/** Ten digits hold every offset a classic cross-reference table can name. */
const rangeWidth = 10
const contentsMark = '/Contents <'
const rangeMark = '/ByteRange ['
/** A large file is hashed in pieces, so that the process answers others meanwhile. */
const pieceBytes = 16 * 1024 * 1024

/**
 * Puts a signature dictionary with room for its value. It must be the first object of its update, so that its two marks
 * are the first in it: what follows them is free text, where a reason could hold a look-alike.
 */
export function putSignature(update: IncrementalUpdate, reference: PdfReference, entries: PdfDictionary, reserved: number): void {
  const range = ' '.repeat(rangeWidth * 3 + 4)
  update.put(reference, `<<${rangeMark}${range}] ${contentsMark}${'0'.repeat(reserved * 2)}>${writeDictionary(entries).slice(2)}`)
}

/** How one signature is built into the file and made. */
export interface SignatureOrder {
  /** The update of one signature that keeps so many bytes for it. */
  build(reserved: number): IncrementalUpdate
  readonly reserved: number
  readonly seed: string
  readonly digestAlgorithm: DigestAlgorithm
  /** DER that goes into Contents, made over the digest of everything else. */
  make(digest: Buffer): Promise<Buffer>
}

/**
 * Appends an update with a signature over the whole file (ISO 32000-2 12.8.1): written with a gap, hashed around it, filled.
 * One that does not fit its gap is made again with a larger one.
 * @throws Fault SIGN-PDF-TOO-LARGE, and what `make` throws; the file is then as before
 */
export async function appendSignature(file: GrowingPdf, order: SignatureOrder): Promise<void> {
  const before = file.length
  for (let reserved = order.reserved; ;) {
    const update = order.build(reserved).finish(order.seed)
    const contentsStart = update.indexOf(contentsMark) + contentsMark.length - 1
    const contentsEnd = contentsStart + reserved * 2 + 2
    const rangeStart = update.indexOf(rangeMark) + rangeMark.length
    const numbers = `0 ${before + contentsStart} ${before + contentsEnd} ${update.length - contentsEnd}`
    if (numbers.length > rangeWidth * 3 + 4) throw new Fault('SIGN-PDF-TOO-LARGE')
    update.write(numbers, rangeStart, 'latin1')
    const hash = createHash(order.digestAlgorithm)
    await hashInPieces(hash, file.bytes)
    hash.update(update.subarray(0, contentsStart)).update(update.subarray(contentsEnd))
    const value = await order.make(hash.digest())
    if (value.length <= reserved) {
      update.write(value.toString('hex'), contentsStart + 1, 'latin1')
      file.append(update)
      return
    }
    reserved = value.length + 512
  }
}

/** Feeds the bytes to the hash and lets other work in between: a large file stops no other signature. */
export async function hashInPieces(hash: Hash, bytes: Buffer): Promise<void> {
  if (bytes.length <= pieceBytes) {
    hash.update(bytes)
    return
  }
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    hash.update(bytes.subarray(start, start + pieceBytes))
    await setImmediate()
  }
}
