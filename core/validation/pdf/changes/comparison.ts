import type { FaultDetail } from '../../../i18n/fault.js'
import type { CrossReference, PdfDocument } from '../document.js'
import { PdfReference, type PdfValue } from '../objects.js'
import { reachable, sameValue } from '../same-value.js'
import { Coverings } from './covering.js'
import type { Change, ChangeKind, Permission } from './kinds.js'

/** Parts of the catalog where a field or a note may well be named. */
const partsOfPages: ReadonlySet<string> = new Set(['Pages', 'AcroForm', 'StructTreeRoot', 'OpenAction', 'AA', 'Outlines'])

/**
 * Two successive revisions side by side: which objects differ, and what has been said of them. Rules take an object out
 * of `open` when they know why it differs; one that stays is tampering.
 */
export class Comparison {
  /** Objects of the earlier revision that differ, until a rule explains them. */
  readonly open = new Set<number>()
  /** Objects that were not there before. */
  readonly fresh = new Set<number>()
  /** All that were open at first. */
  readonly differing: ReadonlySet<number>
  /** New signature fields, and how each is named. */
  readonly newWidgets = new Map<number, string>()
  /** Objects that only the picture of a field being filled leads to. */
  readonly redrawn = new Set<number>()
  readonly findings: FaultDetail[] = []
  private readonly noted = new Map<string, Change>()
  readonly coverings: Coverings
  private reachedElsewhere: ReadonlySet<number> | undefined
  private reachedApart: ReadonlySet<number> | undefined

  constructor(
    readonly before: PdfDocument,
    readonly after: PdfDocument,
    readonly permission: Permission,
  ) {
    this.coverings = new Coverings(before, after)
    this.findDifferences()
    this.differing = new Set(this.open)
  }

  /** What one rule allows and another does not is not allowed, and told once. */
  get changes(): Change[] {
    const all = [...this.noted.values()]
    return all.filter(
      (one) => !one.allowed || !all.some((other) => !other.allowed && other.kind === one.kind && other.subject === one.subject),
    )
  }

  /** Writes down a change, the same one once. */
  note(kind: ChangeKind, allowed: boolean, subject?: string): void {
    const change: Change = subject === undefined ? { kind, allowed } : { kind, allowed, subject }
    // A hundred fields filled are told one by one; a file that changes thousands is told by kind.
    const name = `${kind} ${String(allowed)} ${this.noted.size < 200 ? (subject ?? '') : ''}`
    if (!this.noted.has(name)) this.noted.set(name, change)
  }

  readonly warn = (code: string, params: Readonly<Record<string, string | number>>): void => {
    if (this.findings.length < 50) this.findings.push({ code, params, level: 'warning' })
  }

  /** The same object plays the part as before (or did not exist before), so its change is judged in that part alone. */
  isRole(current: PdfReference, previous: PdfValue | undefined): boolean {
    return this.fresh.has(current.number) || (previous instanceof PdfReference && previous.number === current.number)
  }

  /** Explains an object that plays no other part: one that anything else leads to is that thing's matter too. */
  explainApart(number: number): void {
    if (!this.elsewhere.has(number)) this.open.delete(number)
  }

  /** Whether what looks like a field or a note also plays a part that is none: attached files, layers, names, settings. */
  playsApart(number: number): boolean {
    const { before } = this
    this.reachedApart ??= reachable(
      before,
      [...before.catalog].filter(([key]) => !partsOfPages.has(key)).map(([, value]) => value),
      [before.catalogReference.number, ...before.pages().map(({ reference }) => reference.number)],
    )
    return this.reachedApart.has(number)
  }

  /** What the earlier revision reaches by other ways than document information, metadata and validation data. */
  private get elsewhere(): ReadonlySet<number> {
    return (this.reachedElsewhere ??= reachable(
      this.before,
      [
        ...[...this.before.trailer].filter(([key]) => key !== 'Info' && key !== 'Root').map(([, value]) => value),
        ...[...this.before.catalog].filter(([key]) => key !== 'DSS' && key !== 'Metadata').map(([, value]) => value),
      ],
      [this.before.catalogReference.number],
    ))
  }

  private findDifferences(): void {
    const { before, after } = this
    for (const [number, entry] of after.entries) {
      const old = before.entries.get(number)
      // References name a generation: under another one a strict reader finds nothing where a lax one finds the object.
      if (old !== undefined && old.kind !== 'free' && entry.kind !== 'free' && generationOf(old) !== generationOf(entry)) {
        this.open.add(number)
        continue
      }
      if (old !== undefined && entry.kind === 'offset' && old.kind === 'offset' && old.offset === entry.offset) continue
      const previous = before.object(number)
      const current = after.object(number)
      if (sameValue(previous, current)) continue
      if (previous === null) this.fresh.add(number)
      else this.open.add(number)
    }
    for (const number of before.entries.keys()) if (!after.entries.has(number) && before.object(number) !== null) this.open.add(number)
    // Reading all of the earlier revision also proves that no part of it lies in bytes that came later.
    const pointedTo = reachable(before)
    // A number the signed revision already pointed to, though nothing was there: content supplied afterwards.
    for (const number of this.fresh) if (pointedTo.has(number)) this.open.add(number)
  }
}

function generationOf(entry: CrossReference): number {
  return entry.kind === 'offset' ? entry.generation : 0
}
