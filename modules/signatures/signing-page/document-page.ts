import type { Host } from '../../../core/host/module.js'
import type { PageAnswer } from '../../../core/http/routes.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { isDayOfSigning, type FieldValue, type FieldValues, type TemplateField } from '../models/field.js'
import { valuesOfOthers } from '../services/signing/read-submitted.js'
import { isEmpty, isShown } from '../services/signing/values/check-values.js'
import { ownProgramOf, placesOfOwnProgram } from './own-program.js'
import type { OpenLink } from './open-link.js'
import { signerPage } from './page-frame.js'
import { typedFonts } from './save-capture.js'

/** Texts that the browser's part of the page says; keys below `signatures.sign.`. */
const words = [
  'apply attachment.done attachment.remove clear close count draw draw.hint editor.back editor.next empty failed field.initials',
  'field.signature filled finish.all ink.alternative optional page redraw required reuse saved saving select.none sign.initials',
  'sign.signature type type.hint undo upload upload.hint upload.large uploading',
].flatMap((line) => line.split(' '))

/** Fields of this signer that he may fill. */
export function ownFields(link: OpenLink): TemplateField[] {
  return link.request.fields.filter((field) => field.role === link.signer.role && field.type !== 'stamp')
}

/** What stands in the signer's fields: entered here, else proposed by the sender; the day of signing is this one. */
export function standingValues(host: Host, link: OpenLink): Record<string, FieldValue> {
  const values: Record<string, FieldValue> = {}
  const today = localDay(host.now(), link.company.timeZone)
  for (const field of ownFields(link)) {
    const standard = isDayOfSigning(field) ? today : field.defaultValue
    const value = field.readonly
      ? isDayOfSigning(field)
        ? today
        : (link.signer.values[field.id] ?? link.request.values[field.id] ?? standard)
      : (link.progress.values[field.id] ??
        link.signer.values[field.id] ??
        link.request.values[field.id] ??
        standard ??
        proposed(link, field))
    if (value !== undefined) values[field.id] = field.type === 'checkbox' && typeof value === 'string' ? value === 'true' : value
  }
  return values
}

/** Who signs has told who he is already. */
function proposed({ signer }: OpenLink, field: TemplateField): string | undefined {
  if (field.type === 'name') return signer.name
  if (field.type === 'email') return signer.email ?? undefined
  return field.type === 'phone' ? (signer.phone ?? undefined) : undefined
}

/** What is handed in: shown fields that hold something, those of the sender left out. */
export function submittedValues(host: Host, link: OpenLink): FieldValues {
  const values = standingValues(host, link)
  const known = { ...valuesOfOthers(link.request, link.signer.id), ...values }
  return Object.fromEntries(
    ownFields(link)
      .filter((field) => !field.readonly && isShown(field, link.request.fields, known))
      .flatMap((field) => {
        const value = values[field.id]
        return value === undefined || isEmpty(value) ? [] : [[field.id, value] as const]
      }),
  )
}

export async function documentPage(host: Host, link: OpenLink): Promise<PageAnswer> {
  const { request, signer } = link
  const elsewhere = await ownProgramOf(host, link)
  const { locale } = link.context
  // What his own program will draw is not asked for here.
  const places = elsewhere.only ? placesOfOwnProgram(link) : new Set<string>()
  const own = ownFields(link).filter(({ id }) => !places.has(id))
  const asked = new Set(own.flatMap((field) => field.conditions.map((condition) => condition.field)))
  const others = valuesOfOthers(request, signer.id)
  return signerPage(host, link, {
    template: signer.action === 'approve' ? 'signer-approve' : 'signer-document',
    title: signer.action === 'approve' ? 'approve.title' : 'document.title',
    scripts: ['document'],
    data: {
      canDelegate: signer.canDelegate && !signer.inPerson,
      inPerson: link.session?.inPerson ?? false,
      key: signer.keyId !== null,
      elsewhere,
      page: {
        path: `/sign/${link.token}`,
        locale,
        name: signer.name,
        pages: request.pages,
        fields: own.map((field) => ({
          id: field.id,
          type: field.type,
          label: field.label === '' ? host.i18n.text(locale, `signatures.sign.field.${field.type}`) : field.label,
          help: field.help,
          placeholder: field.placeholder,
          required: field.required,
          readonly: field.readonly && field.type !== 'signature' && field.type !== 'initials',
          areas: field.areas,
          options: field.options ?? [],
          conditions: field.conditions,
          validation: field.validation,
          align: field.style.align,
        })),
        values: standingValues(host, link),
        // Only what conditions of this signer's own fields ask for.
        others: Object.fromEntries(Object.entries(others).filter(([id]) => asked.has(id))),
        fonts: typedFonts,
        words: Object.fromEntries(words.map((word) => [word, host.i18n.text(locale, `signatures.sign.${word}`)])),
      },
    },
  })
}
