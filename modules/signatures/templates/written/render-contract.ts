import type { Company } from '../../../../core/access/context.js'
import type { PlacedBox } from '../../../../core/documents/documents.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import {
  companyRole,
  dayOfSigning,
  templateField,
  type FieldArea,
  type PageShape,
  type TemplateField,
  type TemplateFieldInput,
} from '../../models/field.js'
import type { TemplateRole } from '../../models/role.js'
import type { TextContent } from '../../models/template.js'
import { contractData, signersOf, type DocumentMarks } from './contract-data.js'
import { boxLabel, type FieldTag } from './field-tags.js'
import { mergeValues } from './merge-values.js'

export interface RenderedContract {
  readonly pdf: Buffer
  readonly pages: PageShape[]
  readonly fields: TemplateField[]
}

export interface ContractOptions extends DocumentMarks {
  readonly draft?: boolean
  /** Overrides of fields by id (label, help, required, validation, …); their places come from the text. */
  readonly fields?: readonly TemplateField[]
}

/** A4 in points, as the template sets it. */
const paper: PageShape = { width: 595.28, height: 841.89 }

/**
 * The text as a PDF with the values of a request, and the places of its fields.
 * @throws Fault SIGNATURES-VARIABLE-MISSING, SIGNATURES-VARIABLE-INVALID, faults of Documents
 */
export async function renderContract(
  host: Host,
  company: Company,
  text: { readonly content: TextContent; readonly roles: readonly TemplateRole[] },
  variables: Readonly<Record<string, string>>,
  options: ContractOptions = {},
): Promise<RenderedContract> {
  const { content, roles } = text
  const now = host.now()
  const digits = company.digits
  const values = mergeValues(content, { company, digits, now, variables, draft: options.draft === true })
  const { data, tags } = contractData(content, roles, company, digits, values, options)
  const [language = 'ar'] = content.languages
  const { pdf, pages, boxes } = await host.documents.render({
    template: 'signatures/contract',
    data,
    locale: language,
    digits,
    title: content.title[language] ?? '',
    createdAt: now,
  })
  const fields = fieldsOf(tags, data.signers, data.seal, roles, boxes)
  return {
    pdf,
    pages: Array.from({ length: pages }, () => paper),
    fields:
      options.fields === undefined
        ? fields
        : fields.map((field) =>
            overridden(
              field,
              options.fields?.find(({ id }) => id === field.id),
            ),
          ),
  }
}

function overridden(field: TemplateField, own: TemplateField | undefined): TemplateField {
  return own === undefined || own.type !== field.type ? field : { ...own, role: field.role, areas: field.areas }
}

function fieldsOf(
  tags: readonly FieldTag[],
  signers: readonly { readonly role: string }[],
  seal: boolean,
  roles: readonly TemplateRole[],
  boxes: readonly PlacedBox[],
): TemplateField[] {
  const found: TemplateFieldInput[] = []
  const areasOf = (labels: readonly { readonly label: string; readonly option?: string }[]): FieldArea[] =>
    labels.flatMap(({ label, option }) =>
      boxes.filter((box) => box.label === label).map((box) => ({ ...areaOf(box), ...(option === undefined ? {} : { option }) })),
    )
  for (const { id } of tags.filter((tag, index) => tags.findIndex((other) => other.id === tag.id) === index)) {
    const same = tags.filter((tag) => tag.id === id)
    const [first] = same
    const areas = areasOf(same.map((tag) => ({ label: boxLabel(tag), ...(tag.option === undefined ? {} : { option: tag.option }) })))
    if (first === undefined || areas.length === 0) continue
    const options = first.type === 'radio' ? same.flatMap((tag) => tag.option ?? []) : first.options
    found.push({
      id,
      type: first.type,
      role: first.type === 'stamp' ? companyRole : first.role,
      areas,
      label: first.label ?? '',
      required: first.required,
      ...(options === undefined ? {} : { options: [...options] }),
    })
  }
  const taken = new Set(found.map(({ id }) => id))
  const free = (wanted: string): string => {
    let id = wanted.slice(0, 40)
    for (let next = 2; taken.has(id); next += 1) id = `${wanted.slice(0, 36)}-${String(next)}`
    taken.add(id)
    return id
  }
  for (const role of signersOf(roles)) {
    if (!signers.some((signer) => signer.role === role.id)) continue
    const block = (part: string, type: 'signature' | 'name' | 'date'): void => {
      const areas = areasOf([{ label: `sign:${role.id}:${part}` }])
      if (areas.length === 0) return
      // Nobody types when he signed.
      const day = type === 'date' ? { defaultValue: dayOfSigning, readonly: true } : {}
      found.push({ id: free(`${role.id.slice(0, 28)}-${part}`), type, role: role.id, areas, ...day })
    }
    block('name', 'name')
    block('signature', 'signature')
    block('date', 'date')
  }
  if (seal) {
    const areas = areasOf([{ label: 'seal' }])
    if (areas.length > 0)
      found.push({ id: taken.has('seal') ? free('company-seal') : 'seal', type: 'stamp', role: companyRole, areas, required: false })
  }
  return found.map((field) => templateField.parse(field))
}

/** Fractions from the upper left corner, as fields keep their places. */
function areaOf(box: PlacedBox): FieldArea {
  const within = (value: number): number => Math.min(1, Math.max(0, value))
  if (box.page > 2000) throw new Fault('SIGNATURES-TEXT-TOO-LONG', { params: { limit: 2000 } })
  return {
    page: box.page,
    x: within(box.x / paper.width),
    y: within((paper.height - box.y - box.height) / paper.height),
    width: within(box.width / paper.width),
    height: within(box.height / paper.height),
  }
}
