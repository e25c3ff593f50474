/** What a save did, in words a report can show (`verify.change.kind.<kind>` in the locale files). */
export type ChangeKind =
  | 'signature'
  | 'signature-field'
  | 'time-stamp'
  | 'validation-data'
  | 'form-fill'
  | 'form'
  | 'field-appearance'
  | 'annotation-added'
  | 'annotation-changed'
  | 'annotation-removed'
  | 'page-content'
  | 'page-added'
  | 'page-removed'
  | 'page-order'
  | 'font'
  | 'metadata'
  | 'outline'
  | 'embedded-file'
  | 'script'
  | 'structure'
  | 'layers'
  | 'names'
  | 'permissions'
  | 'encryption'
  | 'catalog'
  | 'cross-reference'
  | 'object-removed'
  | 'object'
  | 'unreferenced-data'

/** One thing that was changed, and whether the signature allows it. */
export interface Change {
  readonly kind: ChangeKind
  readonly allowed: boolean
  /** Field name, or the page by its number from 1. */
  readonly subject?: string
}

/** What a signature lets later revisions do (ISO 32000-2 12.8.2). */
export interface Permission {
  /** DocMDP: 1 nothing but validation data, 2 filling and signing, 3 also annotations. An approval signature alone allows 2. */
  readonly level: 1 | 2 | 3
  /** A certification stands behind the level: its author answers for what is seen, so nothing may be laid over it. */
  readonly certified: boolean
  /** FieldMDP: whether a field of that name may still be filled or signed. */
  readonly mayFill: (fieldName: string) => boolean
  /** Whether `mayFill` ever says no. */
  readonly locked: boolean
}

/** Entries of the catalog, by what a change of them is. */
const catalogKinds: Readonly<Record<string, ChangeKind>> = {
  Outlines: 'outline',
  OpenAction: 'script',
  AA: 'script',
  AF: 'embedded-file',
  Collection: 'embedded-file',
  StructTreeRoot: 'structure',
  MarkInfo: 'structure',
  OCProperties: 'layers',
  Names: 'names',
  Dests: 'names',
  Perms: 'permissions',
  Legal: 'permissions',
  Pages: 'page-content',
  PageLabels: 'page-order',
  Threads: 'page-content',
}

/** The kind of a change to an entry of the document catalog (ISO 32000-2, table 29). */
export function catalogKind(key: string): ChangeKind {
  return catalogKinds[key] ?? 'catalog'
}

/** The entries above, in the order in which an object that several lead to is told. */
export const catalogParts: readonly string[] = Object.keys(catalogKinds).filter((key) => key !== 'Pages')

/** What an object that stands alone is, by its Type. */
const typeKinds: Readonly<Record<string, ChangeKind>> = {
  Page: 'page-content',
  Pages: 'page-content',
  XObject: 'page-content',
  Pattern: 'page-content',
  ExtGState: 'page-content',
  Font: 'font',
  FontDescriptor: 'font',
  CMap: 'font',
  Encoding: 'font',
  Annot: 'annotation-changed',
  Action: 'script',
  Filespec: 'embedded-file',
  EmbeddedFile: 'embedded-file',
  Outlines: 'outline',
  StructElem: 'structure',
  StructTreeRoot: 'structure',
  OCG: 'layers',
  OCMD: 'layers',
  Metadata: 'metadata',
  Sig: 'signature',
  DocTimeStamp: 'time-stamp',
}

/** The kind of a change to an object of this Type; undefined for types not told apart. */
export function typeKind(type: string | undefined): ChangeKind | undefined {
  return type === undefined ? undefined : typeKinds[type]
}
