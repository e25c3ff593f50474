import type { CrossReference, PdfDocument } from './document.js'
import { drawnIn } from './drawn.js'
import { sameMetadata } from './metadata.js'
import { isDictionary, nameOf, PdfReference, PdfStream, PdfString, type PdfDictionary, type PdfValue } from './objects.js'
import { differingKeys, reachable, sameValue } from './same-value.js'
import { formFields, type FormField } from './signature-fields.js'

export type ChangeKind =
  | 'signature'
  | 'time-stamp'
  | 'validation-data'
  | 'metadata'
  | 'form-fill'
  | 'annotation'
  | 'page-content'
  | 'catalog'
  | 'form'
  | 'object-removed'
  | 'object'
  | 'unreferenced-data'

/** What a signature lets later revisions do (ISO 32000-2 12.8.2). */
export interface Permission {
  /** DocMDP: 1 nothing but validation data, 2 filling and signing, 3 also annotations. An approval signature alone allows 2. */
  readonly level: 1 | 2 | 3
  /** FieldMDP: whether a field of that name may still be filled. */
  readonly mayFill: (fieldName: string) => boolean
  /** Whether `mayFill` ever says no. */
  readonly locked: boolean
}

export interface Change {
  readonly kind: ChangeKind
  readonly allowed: boolean
}

const widgetKeys = new Set([
  'Type',
  'Subtype',
  'FT',
  'T',
  'TU',
  'TM',
  'V',
  'F',
  'Ff',
  'Rect',
  'P',
  'AP',
  'MK',
  'DA',
  'Lock',
  'SV',
  'Border',
  'BS',
  'M',
  'NM',
  'Q',
  'H',
  'Parent',
])
const activeAnnotations = new Set(['Widget', 'Screen', 'Movie', 'Sound', 'RichMedia', '3D', 'FileAttachment'])
const filledKeys = new Set(['V', 'AP', 'AS', 'M', 'MK', 'DA'])

/**
 * Explains every object that differs between two successive revisions. A change nobody can explain is not allowed:
 * a rule must know why an object may differ, or the difference counts as tampering.
 */
export function explainChanges(before: PdfDocument, after: PdfDocument, permission: Permission): Change[] {
  return new Comparison(before, after, permission).run()
}

function generationOf(entry: CrossReference): number {
  return entry.kind === 'offset' ? entry.generation : 0
}

class Comparison {
  /** Existing objects that differ, until a rule explains them. */
  private readonly open = new Set<number>()
  private readonly fresh = new Set<number>()
  private readonly changes = new Map<string, Change>()
  private readonly newWidgets = new Set<number>()
  private reachedElsewhere: ReadonlySet<number> | undefined

  constructor(
    private readonly before: PdfDocument,
    private readonly after: PdfDocument,
    private readonly permission: Permission,
  ) {}

  run(): Change[] {
    this.findDifferences()
    this.drawnObjects()
    this.compareTrailers()
    this.compareCatalogs()
    this.comparePages()
    this.fieldsFilled()
    this.judgeTheRest()
    return [...this.changes.values()]
  }

  private note(kind: ChangeKind, allowed: boolean): void {
    this.changes.set(`${kind}${String(allowed)}`, { kind, allowed })
  }

  private findDifferences(): void {
    for (const [number, entry] of this.after.entries) {
      const old = this.before.entries.get(number)
      // References name a generation: under another one a strict reader finds nothing where a lax one finds the object.
      if (old !== undefined && old.kind !== 'free' && entry.kind !== 'free' && generationOf(old) !== generationOf(entry)) {
        this.open.add(number)
        continue
      }
      if (old !== undefined && entry.kind === 'offset' && old.kind === 'offset' && old.offset === entry.offset) continue
      const previous = this.before.object(number)
      const current = this.after.object(number)
      if (sameValue(previous, current)) continue
      if (previous === null) this.fresh.add(number)
      else this.open.add(number)
    }
    for (const number of this.before.entries.keys())
      if (!this.after.entries.has(number) && this.before.object(number) !== null) this.open.add(number)
    if (this.fresh.size === 0) return
    // A number the signed revision already pointed to, though nothing was there: content supplied afterwards.
    const pointedTo = new Set<number>()
    for (const number of reachable(this.before)) pointedTo.add(number)
    for (const number of this.fresh) if (pointedTo.has(number)) this.open.add(number)
  }

  /** What is drawn must not differ, whatever other part an object plays besides: a file may be prepared so that one plays two. */
  private drawnObjects(): void {
    if (this.open.size === 0) return
    const drawn = new Set([...drawnIn(this.before), ...drawnIn(this.after)])
    for (const number of this.open) if (drawn.has(number)) this.note('page-content', false)
  }

  private compareTrailers(): void {
    if (this.after.declaredSize < this.before.declaredSize) this.note('object-removed', false)
    if (!sameValue(this.before.trailer.get('Root'), this.after.trailer.get('Root'))) this.note('catalog', false)
    if (!sameValue(this.before.trailer.get('Encrypt'), this.after.trailer.get('Encrypt'))) this.note('object', false)
    const previous = this.before.dictionary(this.before.trailer.get('Info')) ?? new Map<string, PdfValue>()
    const current = this.after.dictionary(this.after.trailer.get('Info')) ?? new Map<string, PdfValue>()
    const keys = differingKeys(previous, current)
    if (keys.length === 0) return
    // Writers stamp their name and the time; a changed title or author is shown to readers and is not theirs to change.
    const isText = (value: PdfValue | undefined): boolean => value === undefined || value instanceof PdfString
    const harmless = keys.every((key) => (key === 'ModDate' || key === 'Producer') && isText(previous.get(key)) && isText(current.get(key)))
    this.note('metadata', harmless)
    const info = this.after.trailer.get('Info')
    if (info instanceof PdfReference && this.isRole(info, this.before.trailer.get('Info'))) this.explainApart(info.number)
  }

  private compareCatalogs(): void {
    const previous = this.before.catalog
    const current = this.after.catalog
    for (const key of differingKeys(previous, current)) {
      if (key === 'AcroForm' || key === 'DSS' || key === 'Metadata' || key === 'Extensions') continue
      this.note('catalog', false)
    }
    this.open.delete(this.after.catalogReference.number)
    this.compareForms()
    this.compareValidationData(previous.get('DSS'), current.get('DSS'))
    this.compareMetadata(previous.get('Metadata'), current.get('Metadata'))
    if (!sameValue(this.before.resolve(previous.get('Extensions')), this.after.resolve(current.get('Extensions'))))
      this.note('metadata', true)
  }

  private compareMetadata(previous: PdfValue | undefined, current: PdfValue | undefined): void {
    const [old, now] = [this.before.resolve(previous), this.after.resolve(current)]
    if (sameValue(old, now)) return
    this.note('metadata', sameMetadata(this.before, old, this.after, now))
    if (current instanceof PdfReference && this.isRole(current, previous)) this.explainApart(current.number)
  }

  /** Explains an object that plays no other part: one that anything else leads to is that thing's matter too. */
  private explainApart(number: number): void {
    if (!this.elsewhere.has(number)) this.open.delete(number)
  }

  /** What the earlier revision reaches by other ways than document information, metadata and validation data. */
  private get elsewhere(): ReadonlySet<number> {
    return (this.reachedElsewhere ??= reachable(
      this.before,
      [
        ...[...this.before.trailer].filter(([key]) => key !== 'Info' && key !== 'Root').map(([, value]) => value),
        ...[...this.before.catalog].filter(([key]) => key !== 'DSS' && key !== 'Metadata').map(([, value]) => value),
      ],
      this.before.catalogReference.number,
    ))
  }

  private compareValidationData(previous: PdfValue | undefined, current: PdfValue | undefined): void {
    const now = this.after.dictionary(current)
    const old = this.before.dictionary(previous)
    if (now === undefined) {
      if (old !== undefined) this.note('validation-data', false)
      return
    }
    // Objects below the DSS: new ones, or ones that only the DSS had before.
    const inside = reachable(this.after, current ?? null)
    const oldInside = old === undefined ? new Set<number>() : reachable(this.before, previous ?? null)
    const changed = [...inside].filter((number) => this.open.has(number) || this.fresh.has(number))
    if (changed.length === 0 && sameValue(old, now)) return
    this.note(
      'validation-data',
      [...inside].every((number) => this.fresh.has(number) || oldInside.has(number)),
    )
    for (const number of inside) if (oldInside.has(number)) this.explainApart(number)
  }

  private compareForms(): void {
    const [oldValue, newValue] = [this.before.catalog.get('AcroForm'), this.after.catalog.get('AcroForm')]
    const old = this.before.dictionary(oldValue)
    const now = this.after.dictionary(newValue)
    if (now === undefined) {
      if (old !== undefined) this.note('form', false)
      return
    }
    for (const key of differingKeys(old ?? new Map<string, PdfValue>(), now)) {
      const added = old?.has(key) !== true
      // Default resources and appearance do not touch what is drawn already.
      if (key === 'Fields' || key === 'SigFlags' || ((key === 'DR' || key === 'DA') && added)) continue
      this.note('form', false)
    }
    if (newValue instanceof PdfReference && this.isRole(newValue, oldValue)) this.open.delete(newValue.number)
    const fieldsValue = now.get('Fields')
    if (fieldsValue instanceof PdfReference && this.isRole(fieldsValue, old?.get('Fields'))) this.open.delete(fieldsValue.number)
    this.compareFields(this.before.array(old?.get('Fields')) ?? [], this.after.array(fieldsValue) ?? [])
  }

  /** The same object plays the part as before (or did not exist before), so its change is judged in that part alone. */
  private isRole(current: PdfReference, previous: PdfValue | undefined): boolean {
    return this.fresh.has(current.number) || (previous instanceof PdfReference && previous.number === current.number)
  }

  private compareFields(old: readonly PdfValue[], now: readonly PdfValue[]): void {
    const oldNumbers = new Set(old.map((field) => (field instanceof PdfReference ? field.number : -1)))
    const nowNumbers = new Set(now.map((field) => (field instanceof PdfReference ? field.number : -1)))
    for (const number of oldNumbers) if (!nowNumbers.has(number)) this.note('form', false)
    for (const field of now) {
      if (field instanceof PdfReference && oldNumbers.has(field.number)) continue
      if (!(field instanceof PdfReference) || !this.fresh.has(field.number)) {
        this.note('form', false)
        continue
      }
      this.newSignatureField(field)
    }
  }

  private newSignatureField(reference: PdfReference): void {
    const field = this.after.dictionary(reference)
    if (
      field === undefined ||
      nameOf(this.after.resolve(field.get('FT'))) !== 'Sig' ||
      [...field.keys()].some((key) => !widgetKeys.has(key)) ||
      field.has('Parent')
    ) {
      this.note('form', false)
      return
    }
    this.newWidgets.add(reference.number)
    const value = field.get('V')
    const signed = value !== undefined && this.after.resolve(value) !== null
    const visible = this.isVisible(field)
    if (signed) this.newSignatureValue(value, visible)
    // Nobody answers for the picture of a field that nobody signed: it would be drawn over the document for free.
    else this.note('form', this.permission.level >= 2 && !visible)
    this.appearanceIsFresh(field.get('AP'))
  }

  private isVisible(field: PdfDictionary): boolean {
    if (!field.has('AP') && !field.has('MK')) return false
    const rectangle = this.after.array(field.get('Rect'))
    const [left, bottom, right, top] = (rectangle ?? []).map((value) => this.after.resolve(value))
    return rectangle === undefined || (left !== right && bottom !== top)
  }

  private newSignatureValue(value: PdfValue, visible = false): void {
    const signature = this.after.dictionary(value)
    const stamp = nameOf(this.after.resolve(signature?.get('SubFilter'))) === 'ETSI.RFC3161'
    const fresh = signature !== undefined && value instanceof PdfReference && this.fresh.has(value.number) && !this.open.has(value.number)
    // A time stamp is no person and has nothing to show.
    if (stamp) this.note('time-stamp', fresh && !visible)
    else this.note('signature', fresh && this.permission.level >= 2)
  }

  /** A picture drawn for a new value brings its own objects and changes none that were there. */
  private appearanceIsFresh(appearance: PdfValue | undefined): void {
    if (appearance === undefined) return
    for (const number of reachable(this.after, appearance)) if (this.open.has(number)) this.note('object', false)
  }

  private comparePages(): void {
    const old = this.before.pages()
    const now = this.after.pages()
    const same = old.length === now.length && old.every((page, index) => page.reference.number === now[index]?.reference.number)
    if (!same) this.note('page-content', false)
    for (const { reference, page } of now) {
      const previous = this.before.dictionary(reference)
      if (previous === undefined) continue
      const keys = differingKeys(previous, page)
      if (keys.some((key) => key !== 'Annots')) this.note('page-content', false)
      this.compareAnnotations(previous.get('Annots'), page.get('Annots'))
      if (keys.every((key) => key === 'Annots')) this.open.delete(reference.number)
    }
  }

  private compareAnnotations(oldValue: PdfValue | undefined, newValue: PdfValue | undefined): void {
    const old = this.before.array(oldValue) ?? []
    const now = this.after.array(newValue) ?? []
    if (this.after.resolve(newValue) !== null && this.after.array(newValue) === undefined) this.note('annotation', false)
    if (newValue instanceof PdfReference && this.isRole(newValue, oldValue)) this.open.delete(newValue.number)
    const mayAnnotate = this.permission.level === 3
    const left = [...old]
    for (const annotation of now) {
      const index = left.findIndex((one) => sameValue(one, annotation))
      if (index >= 0) {
        // The later one lies on top: another order shows another page.
        if (index > 0) this.note('annotation', mayAnnotate)
        left.splice(index, 1)
        this.changedAnnotation(annotation, mayAnnotate)
      } else if (!(annotation instanceof PdfReference && this.newWidgets.has(annotation.number)))
        this.note('annotation', mayAnnotate && this.isPlainAnnotation(annotation))
    }
    if (left.length > 0)
      this.note(
        'annotation',
        mayAnnotate && left.every((annotation) => nameOf(this.before.dictionary(annotation)?.get('Subtype')) !== 'Widget'),
      )
  }

  /** An annotation that is no form field in disguise, runs nothing and plays nothing. */
  private isPlainAnnotation(annotation: PdfValue): boolean {
    const dictionary = this.after.dictionary(annotation)
    const subtype = nameOf(this.after.resolve(dictionary?.get('Subtype')))
    return subtype !== undefined && !activeAnnotations.has(subtype) && dictionary?.has('A') !== true && dictionary?.has('AA') !== true
  }

  private changedAnnotation(annotation: PdfValue, mayAnnotate: boolean): void {
    if (!(annotation instanceof PdfReference) || !this.open.has(annotation.number)) return
    if (nameOf(this.before.resolve(this.before.dictionary(annotation)?.get('Subtype'))) === 'Widget') return
    this.open.delete(annotation.number)
    this.note('annotation', mayAnnotate && this.isPlainAnnotation(annotation))
  }

  /** Existing fields that got a value: filling, or signing a field that stood ready. */
  private fieldsFilled(): void {
    if (this.open.size === 0) return
    const old = new Map(formFields(this.before).map((field) => [field.reference?.number ?? -1, field]))
    for (const field of formFields(this.after)) {
      const number = field.reference?.number
      if (number === undefined || !this.open.has(number)) continue
      const previous = old.get(number)
      if (previous === undefined) continue
      const keys = differingKeys(previous.dictionary, field.dictionary)
      if (keys.some((key) => !filledKeys.has(key)) || previous.type !== field.type) continue
      this.open.delete(number)
      this.filledField(previous, field)
      this.appearanceIsFresh(field.dictionary.get('AP'))
    }
  }

  private filledField(previous: FormField, field: FormField): void {
    const value = field.dictionary.get('V')
    if (field.type !== 'Sig') {
      this.note('form-fill', this.permission.level >= 2 && this.permission.mayFill(field.name))
      return
    }
    if (this.before.resolve(previous.dictionary.get('V')) !== null || value === undefined) this.note('signature', false)
    else this.newSignatureValue(value)
  }

  private judgeTheRest(): void {
    if (this.open.size === 0) return
    const used = new Set([...reachable(this.before), ...reachable(this.after)])
    for (const number of this.open) {
      // Left-overs that neither revision shows are no change of the document.
      if (!used.has(number)) continue
      const previous = this.before.object(number)
      const type = isDictionary(previous) ? nameOf(previous.get('Type')) : undefined
      if (this.after.object(number) === null) this.note('object-removed', false)
      else if (previous instanceof PdfStream || type === 'Page' || type === 'Pages' || type === 'Font' || type === 'XObject')
        this.note('page-content', false)
      else this.note('object', false)
    }
  }
}
