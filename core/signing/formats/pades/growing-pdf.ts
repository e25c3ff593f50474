/**
 * A file that only grows at its end, in one piece of memory: a document of 100 MB is copied once however many updates follow.
 */
export class GrowingPdf {
  private held: Buffer
  private used: number

  /** @param room bytes that may be added before the whole is copied again */
  constructor(original: Uint8Array, room: number) {
    this.held = Buffer.allocUnsafe(original.length + room)
    this.held.set(original)
    this.used = original.length
  }

  /** A view, valid until the next `append`. */
  get bytes(): Buffer {
    return this.held.subarray(0, this.used)
  }

  /** Bytes so far. */
  get length(): number {
    return this.used
  }

  /** Puts the bytes at the end, in place while the buffer has room. */
  append(more: Buffer): void {
    if (this.used + more.length > this.held.length) {
      const larger = Buffer.allocUnsafe(this.used + more.length * 2)
      this.held.copy(larger, 0, 0, this.used)
      this.held = larger
    }
    more.copy(this.held, this.used)
    this.used += more.length
  }
}
