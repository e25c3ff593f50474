import { Fault } from '../../../../i18n/fault.js'
import { PdfReference, type PdfDictionary, type PdfValue } from '../../../../validation/pdf/objects.js'
import type { IncrementalUpdate } from '../incremental-update.js'
import { dictionaryOf, textString } from '../object-writer.js'
import type { OpenedPdf } from '../open-pdf.js'

interface Parent {
  readonly reference: PdfReference
  readonly dictionary: PdfDictionary
  readonly kids: PdfValue[]
}

/** The fields of the form as a tree, with those that are added. */
export class FieldTree {
  /** New fields without a parent. */
  readonly top: PdfReference[] = []
  private readonly parents = new Map<string, Parent>()
  private readonly names: Set<string>

  constructor(
    private readonly opened: OpenedPdf,
    private readonly update: IncrementalUpdate,
  ) {
    this.names = new Set(opened.fields.map((field) => field.name))
  }

  /**
   * Finds the place of a new field, and makes the fields above it that are not there.
   * @throws Fault SIGN-PDF-FIELD-NAME, SIGN-PDF-FIELD-EXISTS
   */
  place(fullName: string, field: PdfReference): { parent: PdfReference | undefined; ownName: string } {
    const parts = fullName.split('.')
    const ownName = parts.pop() ?? ''
    if (ownName === '' || parts.includes('')) throw new Fault('SIGN-PDF-FIELD-NAME', { params: { field: fullName } })
    if (this.names.has(fullName)) throw new Fault('SIGN-PDF-FIELD-EXISTS', { params: { field: fullName } })
    this.names.add(fullName)
    let above: Parent | undefined
    for (let count = 1; count <= parts.length; count++) above = this.parent(parts.slice(0, count), above)
    if (above === undefined) this.top.push(field)
    else above.kids.push(field)
    return { parent: above?.reference, ownName }
  }

  /** Writes the nodes above the new fields, each once, with all its kids. */
  writeParents(): void {
    for (const { reference, dictionary, kids } of this.parents.values())
      this.update.put(reference, new Map<string, PdfValue>([...dictionary, ['Kids', kids]]))
  }

  private parent(parts: readonly string[], above: Parent | undefined): Parent {
    const fullName = parts.join('.')
    const known = this.parents.get(fullName) ?? this.existing(fullName)
    if (known !== undefined) return known
    // A field just made here holds a value, and so takes none below it.
    if (this.names.has(fullName)) throw new Fault('SIGN-PDF-FIELD-EXISTS', { params: { field: fullName } })
    const reference = this.update.reserve()
    const dictionary = dictionaryOf({ T: textString(parts[parts.length - 1] ?? ''), Parent: above?.reference })
    const made = { reference, dictionary, kids: [] }
    if (above === undefined) this.top.push(reference)
    else above.kids.push(reference)
    this.parents.set(fullName, made)
    this.names.add(fullName)
    return made
  }

  /** A field of the file that has fields below it. One that holds a value itself takes none. */
  private existing(fullName: string): Parent | undefined {
    const { document } = this.opened
    const field = this.opened.fields.find((one) => one.name === fullName)
    if (field === undefined) return undefined
    const kids = document.array(field.dictionary.get('Kids'))
    const hasFields = kids?.every((kid) => document.dictionary(kid)?.has('T') === true) === true
    if (kids === undefined || !hasFields || !(field.reference instanceof PdfReference))
      throw new Fault('SIGN-PDF-FIELD-EXISTS', { params: { field: fullName } })
    const found = { reference: field.reference, dictionary: field.dictionary, kids: [...kids] }
    this.parents.set(fullName, found)
    return found
  }
}
