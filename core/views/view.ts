import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import type { FaultDetail } from '../i18n/fault.js'
import type { Locale, LocalizedText } from '../i18n/locale.js'

/** Labels are keys of the locale files: `contacts.field.name`. */
export type LabelKey = string

/** How a value is shown and edited. */
export type FieldType =
  | 'text'
  | 'multiline'
  | 'email'
  | 'phone'
  | 'url'
  | 'password'
  | 'number'
  | 'decimal'
  | 'money'
  | 'percent'
  | 'checkbox'
  | 'date'
  | 'datetime'
  | 'time'
  | 'select'
  | 'tags'
  | 'badge'
  | 'relation'
  | 'lines'
  | 'file'
  | 'country'
  | 'code'

/** A field of a model, as lists and forms show it. */
export interface FieldDefinition {
  readonly name: string
  readonly label: LabelKey
  readonly type: FieldType
  readonly help?: LabelKey
  readonly required?: boolean
  /** Shown, not edited; or a rule on the record (`record => record.state !== 'draft'`). */
  readonly readonly?: boolean | ((record: RecordValues) => boolean)
  readonly visible?: (record: RecordValues) => boolean
  /** `text` instead of a key, for options that data or other modules bring (groups, taxes). */
  readonly options?: readonly {
    readonly value: string
    readonly label: LabelKey
    readonly text?: LocalizedText
    readonly color?: BadgeColor
  }[]
  /**
   * For `relation`: the model whose records are offered, searched on the server. For `code`: codes of these records are offered while one
   * types; several stand in one field with semicolons between them.
   */
  readonly relation?: {
    readonly model: string
    readonly domain?: (record: RecordValues) => Record<string, unknown>
    /** Where a record that is not there yet is made without leaving the form (`GET ?text=…` and `POST`), and who may. */
    readonly create?: { readonly href: string; readonly group: string }
  }
  /** For `money`: the field that holds the ISO currency. */
  readonly currencyField?: string
  /** For `lines`: columns of an editable table; the value is a list of RecordValues. */
  readonly columns?: readonly FieldDefinition[]
  /** A column of `lines` that few documents need: folded away until a row fills it or somebody asks for it. */
  readonly rare?: boolean
  /** Where the same stands in Arabic: lists and titles show it to who reads Arabic, when there is one. */
  readonly arabic?: string
  /** Direction-isolated, never mirrored: numbers, codes, phones. Default by type. */
  readonly isolate?: boolean
  readonly width?: 'half' | 'full'
  /** Changing it asks the server for computed values (`Model.compute`). */
  readonly recompute?: boolean
}

/** Colours of chips, by their meaning in the house style. */
export type BadgeColor = 'grey' | 'blue' | 'green' | 'orange' | 'red' | 'gold'
/** A record by the names of its columns. */
export type RecordValues = Readonly<Record<string, unknown>>

/** A filter that people switch on and off. */
export interface Filter {
  readonly name: string
  readonly label: LabelKey
  /** Equality (or list) conditions on columns, or a function on the query. */
  readonly where:
    Readonly<Record<string, unknown>> | ((query: import('knex').Knex.QueryBuilder, context: CompanyContext, now: Date) => void)
}

/** A column of a list. */
export interface ListColumn extends FieldDefinition {
  /** The value as SQL, for a column that a module brings to another's list; without it the model's `select` or its table has it. */
  readonly sql?: string
  readonly sortable?: boolean
  /** Sum in the footer (decimal columns); of `money` with a `currencyField`, one sum for each currency. */
  readonly sum?: boolean
  /** Which rows count in its sum, as SQL; without it all. */
  readonly sumOf?: string
  /** Hidden until chosen in the column menu. */
  readonly optional?: 'show' | 'hide'
}

/** A list of records, declared. */
export interface ListView {
  readonly id: string
  readonly kind: 'list'
  readonly model: string
  readonly title: LabelKey
  readonly columns: readonly ListColumn[]
  readonly filters?: readonly Filter[]
  /** Columns one may group by. */
  readonly groupBy?: readonly { readonly column: string; readonly label: LabelKey }[]
  readonly defaultSort?: { readonly column: string; readonly direction: 'asc' | 'desc' }
  readonly defaultFilters?: readonly string[]
  readonly bulkActions?: readonly ActionButton[]
  /** Beside «New»: links, and buttons that run the model's action on no record. */
  readonly headerActions?: readonly ActionButton[]
  readonly empty: { readonly text: LabelKey; readonly action?: LabelKey }
  /** Told above the rows, whatever is listed: what waits for somebody. Null: nothing to tell. */
  readonly notice?: (transaction: CompanyTransaction, context: CompanyContext) => Promise<ListNotice | null>
  readonly pageSize?: number
  /** No «New» button. */
  readonly noCreate?: boolean
}

/** Texts are in the reader's language already. */
export interface ListNotice {
  readonly text: string
  readonly level: 'info' | 'warning'
  readonly links: readonly { readonly label: string; readonly href: string }[]
}

/** Something that can be done with a record. */
export interface ActionButton {
  readonly name: string
  readonly label: LabelKey
  readonly icon?: string
  readonly visible?: (record: RecordValues) => boolean
  readonly primary?: (record: RecordValues) => boolean
  /** Asks first. */
  readonly confirm?: LabelKey
  readonly groups?: readonly string[]
  /** A link instead of an action: `/app/invoicing/{id}/pdf`. */
  readonly href?: (record: RecordValues) => string
  /** Fields asked in a dialog before the action runs. */
  readonly dialog?: readonly FieldDefinition[]
}

/** A number on a form that leads to the records it counts. */
export interface SmartButton {
  readonly name: string
  readonly label: LabelKey
  readonly icon: string
  readonly count: (record: RecordValues, transaction: CompanyTransaction, context: CompanyContext) => Promise<number | string>
  readonly href: (record: RecordValues) => string
}

/** A tab of a form: fields, or a module's own panel. */
export interface FormTab {
  readonly name: string
  readonly label: LabelKey
  readonly groups?: readonly FieldGroup[]
  /** A module's own panel: Handlebars partial under templates/, with data from `load`. */
  readonly panel?: {
    readonly template: string
    readonly load: (record: RecordValues, transaction: CompanyTransaction, context: CompanyContext) => Promise<object>
  }
  readonly visible?: (record: RecordValues) => boolean
}

/** Fields that belong together. */
export interface FieldGroup {
  readonly label?: LabelKey
  readonly fields: readonly FieldDefinition[]
}

/** A form of a record, declared. */
export interface FormView {
  readonly id: string
  readonly kind: 'form'
  readonly model: string
  readonly title: LabelKey
  /** Workflow buttons at the start of the header. */
  readonly actions?: readonly ActionButton[]
  /** Status steps at the end of the header. */
  readonly status?: { readonly field: string; readonly steps: readonly { readonly value: string; readonly label: LabelKey }[] }
  readonly smartButtons?: readonly SmartButton[]
  /** The big title of the form: field name. */
  readonly heading: string
  readonly groups: readonly FieldGroup[]
  readonly tabs?: readonly FormTab[]
  /** Totals at the end side under the tabs: label and field. */
  readonly totals?: readonly {
    readonly field: string
    readonly label: LabelKey
    readonly strong?: boolean
    /** A line of text under the amounts. */
    readonly text?: boolean
    readonly visible?: (record: RecordValues) => boolean
  }[]
  /** Panels above the message log (the compliance timeline). */
  readonly panels?: readonly {
    readonly name: string
    readonly label: LabelKey
    readonly template: string
    readonly load: (record: RecordValues, transaction: CompanyTransaction, context: CompanyContext) => Promise<object | null>
  }[]
  readonly messageLog?: boolean
  /** What the record still waits for; while it says something the page follows it by itself. */
  readonly waiting?: (record: RecordValues) => string | undefined
}

/** A declared page. */
export type View = ListView | FormView

/** Which rows of a list are wanted. */
export interface ListRequest {
  readonly search?: string
  readonly filters: readonly string[]
  readonly groupBy?: string
  readonly sort?: { readonly column: string; readonly direction: 'asc' | 'desc' }
  readonly offset: number
  readonly limit: number
  /** Extra equality conditions of a link (`?contact=…`). */
  readonly where?: Readonly<Record<string, unknown>>
}

/** What became of saving; with `faults` nothing was saved. */
export interface SaveOutcome {
  readonly id: string
  /** The record is of this company: whoever saved it goes on working there. */
  readonly companyId?: string
  readonly faults?: readonly FaultDetail[]
}

/**
 * What a list or form is drawn from. The host reads lists straight from `table` with the view's columns (RLS and record
 * rules applied); everything that writes goes through the module's own functions.
 */
export interface Model {
  /** `invoicing.invoice`. */
  readonly name: string
  readonly table: string
  /** Joined or computed columns of the list: `{ customer_name: 'contacts_contact.name' }` with `from`. */
  readonly from?: (query: import('knex').Knex.QueryBuilder) => import('knex').Knex.QueryBuilder
  /** `id` names the records of a table whose key is another. */
  readonly select?: Readonly<Record<string, string>>
  /**
   * Orders of more than one key, by the name that lists sort by: SQL from the first key on, ascending, rows without a value last. An index
   * on the company, these keys and the id serves the first pages of a table of any length.
   */
  readonly orders?: Readonly<Record<string, readonly string[]>>
  readonly searchColumns: readonly string[]
  /** How a record is named in links, relations and breadcrumbs. */
  readonly label: (record: RecordValues, locale?: Locale) => string
  /** Order in which records are offered where one is chosen, as SQL; without it any. */
  readonly offered?: string
  readonly load: (transaction: CompanyTransaction, context: CompanyContext, id: string) => Promise<RecordValues | undefined>
  readonly defaults?: (
    transaction: CompanyTransaction,
    context: CompanyContext,
    query: Readonly<Record<string, string>>,
  ) => Promise<RecordValues>
  /** Values after a change of a `recompute` field: totals, dependent fields. Nothing is stored. */
  readonly compute?: (transaction: CompanyTransaction, context: CompanyContext, values: RecordValues) => Promise<RecordValues>
  /** `id` undefined creates. @throws Fault with details whose paths are field names */
  readonly save?: (
    transaction: CompanyTransaction,
    context: CompanyContext,
    id: string | undefined,
    values: RecordValues,
  ) => Promise<SaveOutcome>
  readonly remove?: (transaction: CompanyTransaction, context: CompanyContext, ids: readonly string[]) => Promise<void>
  /** Which records the form offers to delete; without it all. What must stay `remove` refuses itself. */
  readonly removable?: (record: RecordValues) => boolean
  /** Offers «Duplicate»: the values of a new, unsaved record made from this one. */
  readonly duplicate?: (transaction: CompanyTransaction, context: CompanyContext, id: string) => Promise<RecordValues>
  /** Offers «Archive» and «Unarchive»; a record is shown as archived by `active: false` or a set `archivedAt`. */
  readonly archive?: (transaction: CompanyTransaction, context: CompanyContext, ids: readonly string[], archived: boolean) => Promise<void>
  /** Runs a button. Outside a transaction, so that it may sign or wait; answers where to go or a notice. */
  readonly action?: (context: CompanyContext, action: string, ids: readonly string[], input: RecordValues) => Promise<ActionOutcome>
  /** What the dialog of an action proposes before anything is typed: recipient and text of a mail, the amount still open. */
  readonly propose?: (
    transaction: CompanyTransaction,
    context: CompanyContext,
    action: string,
    record: RecordValues,
  ) => Promise<RecordValues>
  /** Group that may read, and that may write. */
  readonly groups: { readonly read: string; readonly write: string }
  /** Subject type of audit events for the message log. */
  readonly auditType?: string
}

/** Where to go after an action, and what to tell. */
export interface ActionOutcome {
  readonly redirect?: string
  readonly notice?: {
    readonly key: string
    readonly params?: Record<string, string | number>
    readonly level: 'success' | 'warning' | 'danger'
  }
}

/** A sentence on the home page, and what to do next. */
export interface HomeNews {
  readonly text: LabelKey
  readonly params?: Readonly<Record<string, string | number>>
  readonly next?: {
    readonly text: LabelKey
    readonly params?: Readonly<Record<string, string | number>>
    readonly action: LabelKey
    readonly href: string
  }
}

/** An entry of the menu. */
export interface MenuItem {
  readonly app: string
  readonly label: LabelKey
  /** Tabler icon name. */
  readonly icon?: string
  readonly href: string
  readonly order: number
  readonly group?: string
  /** How things stand in the app, for its place on the home page, and what to do next there. */
  readonly news?: (transaction: CompanyTransaction, context: CompanyContext) => Promise<HomeNews>
  /** Sub-entry of the app's side menu; without it, the entry is the app itself. */
  readonly parent?: boolean
}

/** How a module says what it shows. Called in setup. */
export interface ViewRegistration {
  model(model: Model): void
  /** A list is at /app/<module>/<model part>, its form at …/:id and …/new. Declares the hook point `view.<id>`. */
  add(view: View): void
  /** Changes another module's view: fields, columns, buttons, tabs. Runs per company that enabled this module. */
  extend<Kind extends View>(viewId: string, change: (view: Kind) => Kind): void
  menu(item: MenuItem): void
}
