import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * An append-only file of JSON lines: what an authority has said it cannot take back, so every line is handed to the
 * operating system before the answer leaves. A process killed at any moment leaves at most one torn last line, which
 * nobody was told about; it is cut off at the next start.
 */
export class Journal<Line extends object> {
  private readonly descriptor: number

  private constructor(
    descriptor: number,
    /** The lines found at the start, in order. */
    readonly found: readonly Line[],
  ) {
    this.descriptor = descriptor
  }

  /** @param accepts tells a line of this journal from foreign JSON; a complete line it refuses is an error, never skipped */
  static open<Line extends object>(path: string, accepts: (line: unknown) => line is Line): Journal<Line> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
    const whole = bytes.lastIndexOf(0x0a) + 1
    const found: Line[] = []
    for (const [index, text] of bytes.subarray(0, whole).toString('utf8').split('\n').entries()) {
      if (text === '') continue
      const line: unknown = JSON.parse(text)
      if (!accepts(line)) throw new Error(`${path} line ${index + 1} is not a line of this journal`)
      found.push(line)
    }
    const descriptor = openSync(path, 'a', 0o600)
    if (whole < bytes.length) ftruncateSync(descriptor, whole)
    return new Journal(descriptor, found)
  }

  append(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    let written = 0
    while (written < bytes.length) written += writeSync(this.descriptor, bytes, written)
  }

  /** Forgets everything (tests). */
  clear(): void {
    ftruncateSync(this.descriptor, 0)
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/** True for an object whose member `kind` is one of the given words: enough to tell our own lines. */
export function hasKind<Line extends { readonly kind: string }>(...kinds: readonly Line['kind'][]): (line: unknown) => line is Line {
  return (line): line is Line =>
    typeof line === 'object' && line !== null && 'kind' in line && typeof line.kind === 'string' && kinds.includes(line.kind)
}
