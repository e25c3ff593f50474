import type { Company } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import { drawFieldTexts, type FieldText } from '../../../../core/signing/formats/pades/forms/draw-field-texts.js'
import type { FieldFill } from '../../../../core/signing/formats/pades/forms/form-field.js'
import type { PagePicture } from '../../../../core/signing/formats/pades/appearance.js'
import type { Capture, SignerAttachment } from '../../models/capture.js'
import { isDayOfSigning, type FieldArea, type FieldValue, type FieldValues, type TemplateField } from '../../models/field.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { planFields, signatureFieldName, type PlannedField } from '../requests/pdf-fields.js'
import { InkPictures, type InkSize } from './ink.js'
import { isEmpty, isShown } from './values/check-values.js'
import { shownValue } from './values/shown-value.js'

/** All that a signature writes into the document, read from the rows before it is made. */
export interface Submitted {
  readonly request: SignRequest
  readonly signer: RequestSigner
  readonly captures: ReadonlyMap<string, Capture>
  readonly attachments: ReadonlyMap<string, SignerAttachment>
  /** Values of the sender and of those who finished before, for conditions. */
  readonly others: FieldValues
  readonly company: Company
}

export interface WrittenFields {
  readonly fieldName: string
  readonly fill: FieldFill[]
  /** The signer's ink in the place of his signature. */
  readonly appearance: Buffer | undefined
}

/**
 * What the signer gave as values of the PDF's fields with their pictures, and the picture of his signature. The same rows give the same
 * bytes: what was prepared for a key that answers late can be prepared again.
 * @param signedAt shown with the signature
 */
export async function writtenFields(host: Host, submitted: Submitted, signedAt: Date): Promise<WrittenFields> {
  const { request, signer, others } = submitted
  const fieldName = signatureFieldName(signer.role, request.formPrefix)
  const known = { ...others, ...signer.values }
  const planned = planFields(request.fields, request.roles, request.formPrefix).filter(({ field }) => field.role === signer.role)
  const written = planned.filter(
    ({ name, field }) =>
      name !== fieldName &&
      (!field.readonly || isInk(field) || isDayOfSigning(field)) &&
      isShown(field, request.fields, known) &&
      !isEmpty(signer.values[field.id]),
  )
  const ink = new InkPictures(host, submitted, signedAt)
  const texts: FieldText[] = []
  const fill: FieldFill[] = []
  for (const one of written) fill.push(await fillOf(submitted, one, ink, texts))
  const drawn = texts.length === 0 ? [] : await drawFieldTexts(host.documents, texts)
  let next = 0
  const filled = fill.map((one, index) => {
    const plan = written[index]
    if (plan === undefined || !isText(plan)) return one
    return { ...one, pictures: plan.areas.map((): PagePicture => drawn[next++] ?? Buffer.alloc(0)) }
  })
  const place = planned.find(({ name }) => name === fieldName)
  const [area] = place?.areas ?? []
  if (place === undefined || area === undefined) return { fieldName, fill: filled, appearance: undefined }
  const capture = captureOf(submitted, signer.values[place.field.id])
  return { fieldName, fill: filled, appearance: await ink.picture(capture, sizeOf(request, area), 'signature') }
}

const isInk = (field: TemplateField): boolean => field.type === 'signature' || field.type === 'initials'
const isText = ({ kind, field }: PlannedField): boolean => (kind === 'text' || kind === 'multiline' || kind === 'choice') && !isInk(field)

function sizeOf(request: SignRequest, area: FieldArea): InkSize {
  const page = request.pages[area.page - 1]
  return { width: area.width * (page?.width ?? 0), height: area.height * (page?.height ?? 0) }
}

function captureOf({ captures }: Submitted, value: FieldValue | undefined): Capture | undefined {
  return typeof value === 'object' && 'capture' in value ? captures.get(value.capture) : undefined
}

async function fillOf(submitted: Submitted, plan: PlannedField, ink: InkPictures, texts: FieldText[]): Promise<FieldFill> {
  const { request, signer, attachments, company } = submitted
  const { field, name, kind } = plan
  const value = signer.values[field.id]
  if (isInk(field)) {
    const capture = captureOf(submitted, value)
    const pictures = []
    const purpose = field.type === 'initials' ? 'initials' : 'signature'
    for (const area of plan.areas) pictures.push(await ink.picture(capture, sizeOf(request, area), purpose))
    return { name, value: signer.name, pictures }
  }
  if (kind === 'checkbox') return { name, value: value === true }
  if (kind === 'radio') return { name, value: typeof value === 'string' ? value : '' }
  const attachment = typeof value === 'object' && 'attachment' in value ? attachments.get(value.attachment) : undefined
  const text = attachment === undefined ? shownValue(field, value, { locale: request.locale, digits: company.digits }) : attachment.name
  for (const area of plan.areas)
    texts.push({
      ...sizeOf(request, area),
      text,
      align: field.style.align,
      ...(field.style.fontSize === undefined ? {} : { fontSize: field.style.fontSize }),
      multiline: kind === 'multiline',
    })
  // A choice keeps one of its options as its value, shown as it is.
  return { name, value: kind === 'choice' && typeof value === 'string' ? value : text }
}
