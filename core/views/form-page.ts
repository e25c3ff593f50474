import type { FaultDetail } from '../i18n/fault.js'
import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import {
  countryName,
  isEndAligned,
  isIsolated,
  optionText,
  plainText,
  relationOf,
  showValue,
  type DrawCall,
  type ShownValue,
} from './field-control.js'
import { withoutTrailingZeros } from './format.js'
import { inputNameOf, rowKey } from './form-values.js'
import type { ActionButton, FieldDefinition, FieldType, FormView, RecordValues } from './view.js'

/** Fields the browser has an own input for; the others are typed as text. */
const inputTypes: Readonly<Partial<Record<FieldType, string>>> = {
  password: 'password',
  date: 'date',
  datetime: 'datetime-local',
  time: 'time',
  email: 'email',
  phone: 'tel',
  url: 'url',
}

/** A field as the template draws it. */
export interface FieldControl {
  readonly name: string
  readonly id: string
  readonly label: string
  readonly help: string | undefined
  readonly control: string
  readonly type: string
  readonly value: string
  readonly relationLabel: string
  readonly searchUrl: string
  /** Where what the search does not find is made; empty for nowhere. */
  readonly createUrl: string
  readonly checked: boolean
  readonly options: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[]
  readonly readonly: boolean
  readonly required: boolean
  readonly hidden: boolean
  readonly recompute: boolean
  readonly isolate: boolean
  readonly end: boolean
  readonly full: boolean
  readonly shown: ShownValue
  readonly error: string | undefined
  readonly lines: LinesControl | undefined
}

/** A table of lines inside a form, as its template draws it. */
export interface LinesControl {
  readonly name: string
  readonly columns: readonly {
    readonly label: string
    readonly end: boolean
    readonly name: string
    readonly required: boolean
    readonly rare: boolean
  }[]
  /** More columns than a laptop shows at their usual width. */
  readonly many: boolean
  /** There are rare columns; and whether they are folded away at first. */
  readonly folds: boolean
  readonly folded: boolean
  readonly rows: readonly LineRow[]
  readonly blank: LineRow
  readonly editable: boolean
}

/** A row of that table. */
export interface LineRow {
  readonly key: string
  readonly id: string
  readonly cells: readonly (FieldControl & { readonly rare: boolean })[]
}

/** For whom and in what state a form is drawn. */
export interface FormCall extends DrawCall {
  readonly context: CompanyContext
  readonly transaction: CompanyTransaction
  readonly editable: boolean
  readonly faults: readonly FaultDetail[]
  readonly faultText: (fault: FaultDetail) => string
}

/** Whether the field cannot be changed on this record. */
function isReadonly(field: FieldDefinition, record: RecordValues): boolean {
  return typeof field.readonly === 'function' ? field.readonly(record) : field.readonly === true
}

/** Whether it is shown on this record. */
export function isVisible(item: { readonly visible?: (record: RecordValues) => boolean }, record: RecordValues): boolean {
  return item.visible?.(record) ?? true
}

/** Every field of a form, tabs included. */
export function fieldsOf(view: FormView): readonly FieldDefinition[] {
  return [...view.groups, ...(view.tabs ?? []).flatMap((tab) => tab.groups ?? [])].flatMap((group) => group.fields)
}

/** Fields whose posted value counts: editable and visible under the record as it stands. */
export function editableFields(view: FormView, record: RecordValues): readonly FieldDefinition[] {
  return fieldsOf(view)
    .filter((field) => !isReadonly(field, record) && field.type !== 'file')
    .map((field) =>
      field.type === 'lines' && field.columns !== undefined
        ? { ...field, columns: field.columns.filter((column) => !isReadonly(column, record)) }
        : field,
    )
}

const controls: Readonly<Record<string, string>> = {
  multiline: 'multiline',
  checkbox: 'checkbox',
  select: 'select',
  badge: 'select',
  country: 'select',
  relation: 'relation',
  lines: 'lines',
  tags: 'tags',
  file: 'file',
}

/** What an input holds: numbers ungrouped with Latin digits, days and moments as ISO. */
function inputValue(field: FieldDefinition, record: RecordValues, call: FormCall): string {
  const value = record[field.name]
  if (field.type === 'tags' && Array.isArray(value)) return value.map(plainText).join(', ')
  if (field.type === 'password') return ''
  const text = plainText(value)
  if (field.type === 'date') return text.slice(0, 10)
  if (field.type === 'datetime') return text.slice(0, 16)
  if (field.type === 'money' || field.type === 'decimal' || field.type === 'percent' || field.type === 'number') {
    const parts = /^(-?\d+)(?:\.(\d*))?$/.exec(text)
    if (parts === null) return text
    const currency = plainText(record[field.currencyField ?? 'currency'])
    const places = field.type === 'money' ? (currency === '' ? 2 : call.decimalsOf(currency)) : 0
    const fraction = withoutTrailingZeros(parts[2] ?? '').padEnd(places, '0')
    return `${parts[1] ?? ''}${fraction === '' ? '' : `.${fraction}`}`
  }
  return text
}

function optionsOf(field: FieldDefinition, value: string, call: FormCall): FieldControl['options'] {
  const { locale } = call.shown
  const options =
    field.type === 'country' && field.options === undefined
      ? countryCodes
          .map((code) => ({ value: code, label: countryName(code, locale) }))
          .sort((one, other) => one.label.localeCompare(other.label, locale))
      : (field.options ?? []).map((option) => ({ value: option.value, label: optionText(option, call) }))
  const chosen = field.type === 'tags' ? new Set(value.split(',').map((tag) => tag.trim())) : new Set([value])
  const known = options.map((option) => ({ ...option, selected: chosen.has(option.value) }))
  if (field.type === 'tags') return known
  // A value that is no longer offered stays chosen: saving must not change it silently.
  const missing = value !== '' && !known.some((option) => option.selected) ? [{ value, label: value, selected: true }] : []
  const blank = field.required === true && value !== '' ? [] : [{ value: '', label: '', selected: value === '' }]
  return [...blank, ...missing, ...known]
}

/**
 * A field as the form's template draws it. `name` is that of the input (in a table of lines with its row), `root` the record of the
 * form.
 */
export function drawField(
  field: FieldDefinition,
  record: RecordValues,
  call: FormCall,
  name = field.name,
  root: RecordValues = record,
): FieldControl {
  const { texts, shown } = call
  const value = inputValue(field, record, call)
  const readonly = !call.editable || isReadonly(field, record)
  const related = field.type === 'relation' ? relationOf(field, record, call.relations) : undefined
  const fault = call.faults.find((one) => one.path !== undefined && inputNameOf(one.path, root) === name)
  const domain = field.relation?.domain?.(root) ?? {}
  const search = new URLSearchParams(Object.entries(domain).map(([column, wanted]) => [column, plainText(wanted)] as [string, string]))
  return {
    name,
    id: `f-${name.replace(/[^\w-]/g, '-')}`,
    label: texts.text(shown.locale, field.label),
    help: field.help === undefined ? undefined : texts.text(shown.locale, field.help),
    control:
      field.type === 'tags' && field.options !== undefined ? 'choices' : offersCodes(field) ? 'codes' : (controls[field.type] ?? 'input'),
    type: inputTypes[field.type] ?? 'text',
    value: related?.id ?? value,
    relationLabel: related?.label ?? '',
    searchUrl: field.relation === undefined ? '' : `/app/find/${field.relation.model}?${search.toString()}`,
    createUrl: createUrlOf(field, call.context),
    checked: record[field.name] === true,
    options:
      field.type === 'select' || field.type === 'badge' || field.type === 'country' || field.type === 'tags'
        ? optionsOf(field, value, call)
        : [],
    readonly,
    required: field.required === true && !readonly,
    hidden: !isVisible(field, record),
    recompute: field.recompute === true,
    isolate: isIsolated(field),
    end: isEndAligned(field),
    full: field.width === 'full' || field.type === 'lines' || field.type === 'multiline',
    shown: showValue(field, record, call),
    error: fault === undefined ? undefined : call.faultText(fault),
    lines: field.type === 'lines' ? drawLines(field, record, call, readonly) : undefined,
  }
}

function createUrlOf({ relation }: FieldDefinition, { groups }: CompanyContext): string {
  return relation?.create !== undefined && (groups.has('*') || groups.has(relation.create.group)) ? relation.create.href : ''
}

function offersCodes(field: FieldDefinition): boolean {
  return field.type === 'code' && field.relation !== undefined
}

function drawLines(field: FieldDefinition, record: RecordValues, call: FormCall, readonly: boolean): LinesControl {
  const value = record[field.name]
  const list: unknown[] = Array.isArray(value) ? value : []
  // A table that is only read leaves out what no row fills.
  const columns = (field.columns ?? []).filter(
    (column) => !readonly || list.length === 0 || list.filter(isRecord).some((row) => !isBlank(row[column.name])),
  )
  const drawRow = (row: RecordValues, key: string): LineRow => ({
    key,
    id: plainText(row['id']),
    cells: columns.map((column) => ({
      ...drawField(
        { ...column, readonly: readonly || column.readonly },
        withCurrency(row, record),
        call,
        `${field.name}.${key}.${column.name}`,
        record,
      ),
      rare: column.rare === true,
    })),
  })
  const rows = list.filter(isRecord).map((row, index) => drawRow(row, plainText(row[rowKey]) || `r${String(index)}`))
  return {
    name: field.name,
    columns: columns.map((column) => ({
      label: call.texts.text(call.shown.locale, column.label),
      end: isEndAligned(column),
      name: column.name,
      required: column.required === true,
      rare: column.rare === true,
    })),
    many: columns.filter(({ rare }) => rare !== true).length > 8,
    folds: !readonly && columns.some(({ rare }) => rare === true),
    folded: rows.every(({ cells }) => cells.every(({ rare, value, error }) => !rare || (value === '' && error === undefined))),
    rows,
    blank: drawRow({}, '__key__'),
    editable: !readonly,
  }
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

/** Amounts of a line are in the currency of its document. */
function withCurrency(row: RecordValues, record: RecordValues): RecordValues {
  return row['currency'] === undefined && record['currency'] !== undefined ? { ...row, currency: record['currency'] } : row
}

function isRecord(value: unknown): value is RecordValues {
  return typeof value === 'object' && value !== null
}

/** A button of the header. */
export interface DrawnButton {
  readonly name: string
  readonly label: string
  readonly icon: string | undefined
  readonly primary: boolean
  readonly confirm: string | undefined
  readonly href: string | undefined
  readonly dialog: { readonly id: string; readonly fields: readonly FieldControl[] } | undefined
}

/** Buttons this actor may press on this record now; their dialogs hold what `propose` says. */
export async function drawButtons(
  buttons: readonly ActionButton[],
  record: RecordValues,
  call: FormCall,
  propose: (button: ActionButton) => Promise<RecordValues>,
): Promise<DrawnButton[]> {
  const drawn: DrawnButton[] = []
  for (const button of buttons) {
    if (!isVisible(button, record) || !mayPress(button, call.context)) continue
    // What was typed and refused stands before what is proposed.
    const shown = button.dialog === undefined ? record : { ...(await propose(button)), ...record }
    drawn.push({
      name: button.name,
      label: call.texts.text(call.shown.locale, button.label),
      icon: button.icon,
      primary: button.primary?.(record) ?? false,
      confirm: button.confirm === undefined ? undefined : call.texts.text(call.shown.locale, button.confirm),
      href: button.href?.(record),
      dialog:
        button.dialog === undefined
          ? undefined
          : {
              id: `dialog-${button.name}`,
              fields: button.dialog.map((field) => ({
                ...drawField(field, shown, { ...call, editable: true }),
                id: `d-${button.name}-${field.name}`,
              })),
            },
    })
  }
  return drawn
}

/** Whether the user may press the button, by its groups. */
export function mayPress(button: ActionButton, context: CompanyContext): boolean {
  return button.groups === undefined || context.groups.has('*') || button.groups.some((group) => context.groups.has(group))
}

/** Steps of a workflow: those before the present one are done. */
export function drawSteps(
  view: FormView,
  record: RecordValues,
  call: DrawCall,
): readonly { label: string; state: 'done' | 'current' | 'open' }[] {
  const { status } = view
  if (status === undefined) return []
  const current = plainText(record[status.field])
  const at = status.steps.findIndex((step) => step.value === current)
  return status.steps.map((step, index) => ({
    label: call.texts.text(call.shown.locale, step.label),
    state: index === at ? 'current' : index < at ? 'done' : 'open',
  }))
}

/** Countries offered where a field names none: the region first, then the rest of those with an ISO 3166-1 code in use here. */
const countryCodes: readonly string[] =
  'AE AF AL AM AO AR AT AU AZ BA BD BE BG BH BR BY CA CH CL CN CO CY CZ DE DJ DK DZ EE EG ES ET FI FR GB GE GH GR HK HR HU ID IE IL IN IQ IR IS IT JO JP KE KM KR KW KZ LB LK LT LU LV LY MA MD ME MK MR MT MX MY NG NL NO NP NZ OM PE PH PK PL PS PT QA RO RS RU SA SD SE SG SI SK SO SY TH TN TR TW TZ UA UG US UZ VN XK YE ZA'.split(
    ' ',
  )
