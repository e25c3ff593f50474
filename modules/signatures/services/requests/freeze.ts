import type { Company } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import { localDay } from '../../../../core/i18n/local-time.js'
import { addFormFields } from '../../../../core/signing/formats/pades/forms/add-form-fields.js'
import { drawFieldTexts, type FieldText } from '../../../../core/signing/formats/pades/forms/draw-field-texts.js'
import { fillFormFields } from '../../../../core/signing/formats/pades/forms/fill-form-fields.js'
import type { FieldFill, NewFormField } from '../../../../core/signing/formats/pades/forms/form-field.js'
import { openPdf } from '../../../../core/signing/formats/pades/open-pdf.js'
import { toSeenRectangle } from '../../../../core/signing/formats/pades/page-geometry.js'
import type { PageShape, TemplateField } from '../../models/field.js'
import type { SignRequest } from '../../models/request.js'
import { shownValue } from '../signing/values/shown-value.js'
import { freePrefix, planFields, sealFieldName, type PlannedField } from './pdf-fields.js'
import { senderValues } from './sender-values.js'

/** A document as it is sent. */
export interface FrozenDocument {
  /** As it was before any field: the stored file, or the rendered text. */
  readonly original: Buffer
  /** With the form fields of everybody and the sender's values; the original is a prefix of it. */
  readonly frozen: Buffer
  /** Before the names of our fields; those who sign find them by it. */
  readonly formPrefix: string
}

/**
 * Makes the document that everybody will see: all fields of all roles, so that no later revision adds one, and what the sender filled.
 * Each signature field locks the other fields of its role, so that nobody changes what somebody signed for; the seal locks everything.
 * Nothing is stored, no transaction is open.
 * @throws Fault SIGN-PDF-… for a document that takes no fields
 */
export async function freezeDocument(
  host: Pick<Host, 'documents' | 'now'>,
  request: SignRequest,
  document: { readonly pdf: Buffer; readonly pages: readonly PageShape[]; readonly fields: readonly TemplateField[] },
  options: { readonly sealed: boolean; readonly company: Pick<Company, 'timeZone' | 'digits'> },
): Promise<FrozenDocument> {
  const ours = planFields(document.fields, request.roles, '').map(({ name }) => name)
  const formPrefix = freePrefix(
    openPdf(document.pdf).fields.map(({ name }) => name),
    options.sealed ? [...ours, sealFieldName('')] : ours,
  )
  const plan = planFields(document.fields, request.roles, formPrefix)
  const seal = sealFieldName(formPrefix)
  const withFields = addFormFields(document.pdf, [
    ...plan.map((planned) => formField(planned, plan, request, document.pages)),
    // A seal without a place of its own is put unseen; its field must be there before the first signature all the same.
    ...(options.sealed && !plan.some((planned) => planned.name === seal) ? [unseenSeal(seal)] : []),
  ])
  const frozen = fillFormFields(withFields, await senderFills(host, request, document, plan, options.company), host.now())
  return { original: document.pdf, frozen, formPrefix }
}

const unseenSeal = (name: string): NewFormField => ({
  name,
  kind: 'signature',
  areas: [{ page: 1, rect: [0, 0, 0, 0] }],
  lock: { action: 'All', fields: [] },
})

function formField(planned: PlannedField, plan: readonly PlannedField[], request: SignRequest, pages: readonly PageShape[]): NewFormField {
  const { field, name, kind } = planned
  const role = request.roles.find((one) => one.id === field.role)
  const tooltip = [role?.name, field.label].filter((part) => part !== undefined && part !== '').join(': ')
  const { fontSize, align } = field.style
  return {
    name,
    kind,
    ...(tooltip === '' ? {} : { tooltip }),
    required: field.required,
    areas: planned.areas.map((area) => ({
      page: area.page,
      rect: toSeenRectangle(pageOf(pages, area.page), area),
      ...(area.option === undefined ? {} : { option: area.option }),
    })),
    ...(field.options === undefined ? {} : { options: field.options }),
    ...(kind === 'signature' ? lockOf(planned, plan) : {}),
    style: {
      ...(fontSize === undefined ? {} : { fontSize }),
      ...(align === 'center' ? { align } : {}),
    },
  }
}

function lockOf(planned: PlannedField, plan: readonly PlannedField[]): Pick<NewFormField, 'lock'> {
  if (planned.field.type === 'stamp') return { lock: { action: 'All', fields: [] } }
  const own = plan
    .filter((one) => one.field.role === planned.field.role && one !== planned && one.kind !== 'signature')
    .map((one) => one.name)
  return own.length === 0 ? {} : { lock: { action: 'Include', fields: own } }
}

function pageOf(pages: readonly PageShape[], number: number): PageShape {
  const page = pages[number - 1]
  // Places were checked before anything is frozen.
  if (page === undefined) throw new Error(`no page ${String(number)}`)
  return page
}

async function senderFills(
  host: Pick<Host, 'documents' | 'now'>,
  request: SignRequest,
  document: { readonly pages: readonly PageShape[]; readonly fields: readonly TemplateField[] },
  plan: readonly PlannedField[],
  company: Pick<Company, 'timeZone' | 'digits'>,
): Promise<FieldFill[]> {
  const values = senderValues(request, document.fields, localDay(host.now(), company.timeZone))
  const filled = plan.flatMap((planned) => {
    const value = values.get(planned.field)
    if (value === undefined || planned.kind === 'signature') return []
    // Days and numbers stand as the language of the document writes them, as those of the signers do.
    const shown = typeof value === 'string' ? shownValue(planned.field, value, { locale: request.locale, digits: company.digits }) : value
    return [{ planned, value: shown }]
  })
  const texts = filled.flatMap(({ planned, value }) =>
    isDrawn(planned) && typeof value === 'string' ? planned.areas.map((area) => fieldText(planned.field, value, area, document.pages)) : [],
  )
  const pictures = await drawFieldTexts(host.documents, texts)
  let next = 0
  return filled.map(({ planned, value }): FieldFill => {
    if (!isDrawn(planned)) return { name: planned.name, value }
    const own = pictures.slice(next, next + planned.areas.length)
    next += planned.areas.length
    return { name: planned.name, value, pictures: own }
  })
}

/** Boxes and circles have their pictures since they were made. */
function isDrawn(planned: PlannedField): boolean {
  return planned.kind === 'text' || planned.kind === 'multiline' || planned.kind === 'choice'
}

function fieldText(field: TemplateField, text: string, area: TemplateField['areas'][number], pages: readonly PageShape[]): FieldText {
  const page = pageOf(pages, area.page)
  return {
    width: area.width * page.width,
    height: area.height * page.height,
    text,
    align: field.style.align,
    ...(field.style.fontSize === undefined ? {} : { fontSize: field.style.fontSize }),
    multiline: field.type === 'multiline',
  }
}
