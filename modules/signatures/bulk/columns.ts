import { locales, type Locale } from '../../../core/i18n/locale.js'
import type { RequestInput, SignerInput } from '../models/request.js'
import type { TemplateVersion } from '../models/template.js'
import { companyRole, type TemplateField } from '../models/field.js'

/** What of a person a column may hold. */
export const personFacts = ['name', 'email', 'phone', 'locale', 'pin', 'externalId'] as const
export type PersonFact = (typeof personFacts)[number]

/** Where a column goes: `person.<role>.<fact>`, `field.<id>`, `variable.<name>`, `request.name`, `request.externalId`; '' nowhere. */
export interface ColumnTarget {
  readonly target: string
  /** What stands at the head of the sample, and what a head is compared with. */
  readonly heads: readonly string[]
}

const words: Readonly<Record<PersonFact, readonly string[]>> = {
  name: ['name', 'الاسم', 'اسم', 'име'],
  email: ['email', 'e-mail', 'mail', 'البريد', 'البريد الإلكتروني', 'имейл', 'поща'],
  phone: ['phone', 'mobile', 'الجوال', 'الهاتف', 'رقم الجوال', 'телефон'],
  locale: ['language', 'locale', 'اللغة', 'език'],
  pin: ['pin', 'الرقم السري', 'пин'],
  externalId: ['external id', 'reference', 'المرجع', 'референция'],
}

/** All targets a template offers, the first head of each being the one of the sample file. */
export function targetsOf(version: TemplateVersion): ColumnTarget[] {
  const people = version.roles
  const alone = people.length === 1
  return [
    ...people.flatMap((role) =>
      personFacts.map((fact) => ({
        target: `person.${role.id}.${fact}`,
        heads: [
          `${role.name} ${words[fact][0] ?? fact}`,
          ...words[fact].map((word) => `${role.name} ${word}`),
          ...(alone ? words[fact] : []),
        ],
      })),
    ),
    ...version.fields.filter(isPrefillable).map((field) => ({ target: `field.${field.id}`, heads: [field.label || field.id, field.id] })),
    ...mergeFieldsOf(version).map((field) => ({
      target: `variable.${field.name}`,
      heads: [field.name, ...Object.values(field.label)],
    })),
    { target: 'request.name', heads: ['request name', 'title', 'العنوان', 'заглавие'] },
    { target: 'request.externalId', heads: ['request id', 'request external id'] },
  ]
}

/** Fields a sender may fill for a signer: texts and choices, never a signature. */
function isPrefillable(field: TemplateField): boolean {
  return !['signature', 'initials', 'stamp', 'attachment'].includes(field.type)
}

function mergeFieldsOf(version: TemplateVersion) {
  return version.content.kind === 'text' ? version.content.mergeFields : []
}

/** Proposes where the columns of a file go, by their heads; each target at most once. */
export function guessMapping(version: TemplateVersion, heads: readonly string[]): string[] {
  const targets = targetsOf(version)
  const taken = new Set<string>()
  return heads.map((head) => {
    const found = targets.find(
      ({ target, heads: known }) => !taken.has(target) && (target === head.trim() || known.some((name) => normal(name) === normal(head))),
    )
    if (found === undefined) return ''
    taken.add(found.target)
    return found.target
  })
}

function normal(text: string): string {
  return text
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/[\s_.:-]+/g, ' ')
}

/** What all rows share. */
export type BulkOptions = Pick<RequestInput, 'message' | 'expiresAt' | 'reminders' | 'order' | 'replyTo' | 'sendEmail'> & {
  /** People who are the same in every request, by role: the company's representative. */
  readonly people?: Readonly<Record<string, Omit<SignerInput, 'role'>>>
}

/** A row of the sheet as the request that it asks for. Nothing is checked here but what cannot be carried over. */
export function inputOfRow(
  version: TemplateVersion,
  bulk: { readonly id: string; readonly options: BulkOptions },
  mapping: readonly string[],
  cells: readonly string[],
): RequestInput {
  const { people = {}, ...shared } = bulk.options
  const value = new Map<string, string>()
  for (const [index, target] of mapping.entries()) {
    const cell = (cells[index] ?? '').trim()
    if (target !== '' && cell !== '') value.set(target, cell)
  }
  const signers = version.roles.flatMap((role): SignerInput[] => {
    const fact = (name: PersonFact): string | undefined => value.get(`person.${role.id}.${name}`)
    const fields = version.fields.filter((field) => field.role === role.id && value.has(`field.${field.id}`))
    const values = Object.fromEntries(fields.map((field) => [field.id, fieldValue(field, value.get(`field.${field.id}`) ?? '')]))
    const given = personFacts.some((name) => fact(name) !== undefined)
    const standing = people[role.id]
    if (!given && standing === undefined) return []
    const language = localeOf(fact('locale'))
    return [
      {
        ...standing,
        role: role.id,
        name: fact('name') ?? standing?.name ?? '',
        ...optional('email', fact('email')),
        ...optional('phone', fact('phone')),
        ...optional('locale', language),
        ...optional('pin', fact('pin')),
        ...optional('externalId', fact('externalId')),
        ...(fields.length === 0 ? {} : { values: { ...standing?.values, ...values } }),
      },
    ]
  })
  const variables = Object.fromEntries(
    mergeFieldsOf(version).flatMap((field) => {
      const given = value.get(`variable.${field.name}`)
      return given === undefined ? [] : [[field.name, given]]
    }),
  )
  return {
    ...shared,
    templateId: version.templateId,
    templateVersionId: version.id,
    bulkId: bulk.id,
    signers,
    ...(Object.keys(variables).length === 0 ? {} : { variables }),
    ...optional('name', value.get('request.name')),
    ...optional('externalId', value.get('request.externalId')),
  }
}

function fieldValue(field: TemplateField, cell: string): string | boolean {
  if (field.type !== 'checkbox') return cell
  return /^(?:[1x✓]|yes|true|نعم|да)$/i.test(cell)
}

function localeOf(text: string | undefined): Locale | undefined {
  const wanted = text?.toLowerCase()
  return locales.find((locale) => locale === wanted || languageNames[locale].includes(wanted ?? ''))
}

const languageNames: Readonly<Record<Locale, readonly string[]>> = {
  ar: ['arabic', 'العربية', 'عربي', 'арабски'],
  en: ['english', 'الإنجليزية', 'انجليزي', 'английски'],
  bg: ['bulgarian', 'البلغارية', 'български'],
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [Key in Name]?: Value } {
  // One member of that name, or none.
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value }
}

/** Roles whose people come from the sheet or from the options; `company` is nobody. */
export function rolesToFill(version: TemplateVersion): readonly string[] {
  return version.roles.map((role) => role.id).filter((id) => id !== companyRole)
}
