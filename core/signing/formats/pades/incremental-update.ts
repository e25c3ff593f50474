import { createHash } from 'node:crypto'
import type { PdfDocument } from '../../../validation/pdf/document.js'
import { PdfReference, PdfString, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'
import { dictionaryOf, name, writeDictionary, writeValue } from './object-writer.js'

/** Objects added after the end of a file: the earlier bytes stay as they are (ISO 32000-2 7.5.6). */
export class IncrementalUpdate {
  /** By object number, in the order first put; an object put again is the later one. */
  private readonly written = new Map<number, { number: number; generation: number; chunks: Buffer[] }>()
  private nextNumber: number

  constructor(private readonly document: PdfDocument) {
    this.nextNumber = document.size
  }

  /** A fresh object number. */
  reserve(): PdfReference {
    return new PdfReference(this.nextNumber++, 0)
  }

  /** Writes the object anew in this update; a text is taken as written PDF, one byte a character. */
  put(reference: PdfReference, value: PdfValue | string): void {
    this.putChunks(reference, [Buffer.from(typeof value === 'string' ? value : writeValue(value), 'latin1')])
  }

  /** Writes a stream; `raw` is encoded as the dictionary's Filter says, and its Length is set here. */
  putStream(reference: PdfReference, dictionary: PdfDictionary, raw: Buffer): void {
    dictionary.set('Length', raw.length)
    this.putChunks(reference, [
      Buffer.from(`${writeDictionary(dictionary)}\nstream\n`, 'latin1'),
      raw,
      Buffer.from('\nendstream', 'latin1'),
    ])
  }

  private putChunks(reference: PdfReference, chunks: Buffer[]): void {
    const head = Buffer.from(`${reference.number} ${reference.generation} obj\n`, 'latin1')
    const tail = Buffer.from('\nendobj\n', 'latin1')
    this.written.set(reference.number, { number: reference.number, generation: reference.generation, chunks: [head, ...chunks, tail] })
  }

  /**
   * The bytes to append. Objects appear in the order they were put; a section of the file's own kind closes it.
   * @param seed goes into the file's new identifier: the same file, objects and seed give the same bytes
   */
  finish(seed: string): Buffer {
    const original = this.document.bytes
    const chunks: Buffer[] = []
    let offset = original.length
    const push = (chunk: Buffer): void => {
      chunks.push(chunk)
      offset += chunk.length
    }
    if (original[original.length - 1] !== 0x0a) push(Buffer.from('\n'))
    const offsets: { number: number; generation: number; offset: number }[] = []
    for (const object of this.written.values()) {
      offsets.push({ number: object.number, generation: object.generation, offset })
      for (const chunk of object.chunks) push(chunk)
    }
    offsets.sort((left, right) => left.number - right.number)
    const identifier = this.identifier(seed, chunks)
    const section = this.document.sections[0]
    if (section?.kind === 'stream') {
      const own = this.nextNumber++
      offsets.push({ number: own, generation: 0, offset })
      push(this.crossReferenceStream(own, offsets, section.offset, identifier))
    } else push(this.crossReferenceTable(offsets, section?.offset ?? 0, offset, identifier))
    return Buffer.concat(chunks)
  }

  /** The second identifier of the trailer changes with every save (ISO 32000-2 14.4): made from what is saved. */
  private identifier(seed: string, chunks: readonly Buffer[]): PdfString {
    const hash = createHash('sha256').update(`${seed}|${this.document.bytes.length}|`)
    hash.update(this.document.bytes.subarray(-1024))
    for (const chunk of chunks) hash.update(chunk)
    return new PdfString(hash.digest().subarray(0, 16), true)
  }

  private trailerEntries(previous: number, changed: PdfString): PdfDictionary {
    const { trailer } = this.document
    const first = this.document.array(trailer.get('ID'))?.[0]
    return dictionaryOf({
      Size: this.nextNumber,
      Root: this.document.catalogReference,
      Info: trailer.get('Info'),
      ID: [first instanceof PdfString ? first : changed, changed],
      Prev: previous,
    })
  }

  private crossReferenceTable(
    offsets: readonly { number: number; generation: number; offset: number }[],
    previous: number,
    at: number,
    identifier: PdfString,
  ): Buffer {
    const lines: string[] = ['xref\n']
    for (const [first, run] of runsOf(offsets)) {
      lines.push(`${first} ${run.length}\n`)
      for (const entry of run) lines.push(`${String(entry.offset).padStart(10, '0')} ${String(entry.generation).padStart(5, '0')} n \n`)
    }
    lines.push(`trailer\n${writeDictionary(this.trailerEntries(previous, identifier))}\nstartxref\n${at}\n%%EOF\n`)
    return Buffer.from(lines.join(''), 'latin1')
  }

  private crossReferenceStream(
    own: number,
    offsets: readonly { number: number; generation: number; offset: number }[],
    previous: number,
    identifier: PdfString,
  ): Buffer {
    const data = Buffer.alloc(offsets.length * 9)
    for (const [index, entry] of offsets.entries()) {
      data.writeUInt8(1, index * 9)
      data.writeUIntBE(entry.offset, index * 9 + 1, 6)
      data.writeUInt16BE(entry.generation, index * 9 + 7)
    }
    const dictionary = this.trailerEntries(previous, identifier)
    dictionary.set('Type', name('XRef'))
    dictionary.set('W', [1, 6, 2])
    dictionary.set(
      'Index',
      runsOf(offsets).flatMap(([first, run]) => [first, run.length]),
    )
    dictionary.set('Length', data.length)
    const at = offsets[offsets.length - 1]?.offset ?? 0
    return Buffer.concat([
      Buffer.from(`${own} 0 obj\n${writeDictionary(dictionary)}\nstream\n`, 'latin1'),
      data,
      Buffer.from(`\nendstream\nendobj\nstartxref\n${at}\n%%EOF\n`, 'latin1'),
    ])
  }
}

function runsOf<Entry extends { number: number }>(entries: readonly Entry[]): [number, Entry[]][] {
  const runs: [number, Entry[]][] = []
  for (const entry of entries) {
    const last = runs[runs.length - 1]
    if (last !== undefined && last[0] + last[1].length === entry.number) last[1].push(entry)
    else runs.push([entry.number, [entry]])
  }
  return runs
}
