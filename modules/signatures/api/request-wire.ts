import { z } from 'zod'
import { contactLinks, fieldTypes, type TemplateFieldInput } from '../models/field.js'
import { requestInput, signerInput, type RequestInput } from '../models/request.js'

const name = signerInput.shape

/** Names as programs write them; what they mean stands beside `RequestInput`. */
export const signerWire = z
  .object({
    role: name.role,
    name: name.name,
    email: name.email,
    phone: name.phone,
    locale: name.locale,
    contact_id: name.contactId,
    key_id: name.keyId,
    level: name.level,
    authentication: name.authentication,
    pin: name.pin,
    order: name.group,
    in_person: name.inPerson,
    values: name.values,
    external_id: name.externalId,
    metadata: name.metadata,
  })
  .strict()

const whole = requestInput.shape

export const requestWire = z
  .object({
    template_id: whole.templateId,
    name: whole.name,
    signers: z.array(signerWire).min(1).max(50),
    variables: whole.variables,
    values: whole.values,
    message: whole.message,
    /** `preserved` and `random` as DocuSeal has them: one after another, all at once. */
    order: z.enum(['groups', 'parallel', 'sequential', 'preserved', 'random']).default('groups'),
    expire_at: whole.expiresAt,
    reminders: z
      .object({ first_after_days: z.number().int().min(1).max(60), every_days: z.number().int().min(1).max(60) })
      .strict()
      .nullish(),
    reply_to: whole.replyTo,
    source: whole.source,
    external_id: whole.externalId,
    metadata: whole.metadata,
    completed_redirect_url: whole.completedRedirectUrl,
    send_email: whole.sendEmail,
    /** False keeps a draft: sent later with `…/send`. */
    send: z.boolean().default(true),
  })
  .strict()
export type RequestWire = z.output<typeof requestWire>

const orders = { groups: 'groups', parallel: 'parallel', sequential: 'sequential', preserved: 'sequential', random: 'parallel' } as const

/** The same in our own words. */
export function requestOfWire(wire: RequestWire): RequestInput {
  return known({
    templateId: wire.template_id,
    name: wire.name,
    signers: wire.signers.map((signer) =>
      known({
        role: signer.role,
        name: signer.name,
        email: signer.email,
        phone: signer.phone,
        locale: signer.locale,
        contactId: signer.contact_id,
        keyId: signer.key_id,
        level: signer.level,
        authentication: signer.authentication,
        pin: signer.pin,
        group: signer.order,
        inPerson: signer.in_person,
        values: signer.values,
        externalId: signer.external_id,
        metadata: signer.metadata,
      }),
    ),
    variables: wire.variables,
    values: wire.values,
    message: wire.message,
    order: orders[wire.order],
    expiresAt: wire.expire_at,
    reminders:
      wire.reminders === undefined || wire.reminders === null
        ? wire.reminders
        : { firstAfterDays: wire.reminders.first_after_days, everyDays: wire.reminders.every_days },
    replyTo: wire.reply_to,
    source: wire.source,
    externalId: wire.external_id,
    metadata: wire.metadata,
    completedRedirectUrl: wire.completed_redirect_url,
    sendEmail: wire.send_email,
  })
}

/** A field: one place given flat, or several in `areas`. */
export const fieldWire = z
  .object({
    id: z.string().max(40).optional(),
    name: z.string().trim().max(200).optional(),
    type: z.enum(fieldTypes),
    role: z.string().max(40),
    page: z.number().int().min(1).optional(),
    x: z.number().min(0).max(1).optional(),
    y: z.number().min(0).max(1).optional(),
    w: z.number().min(0).max(1).optional(),
    h: z.number().min(0).max(1).optional(),
    areas: z
      .array(
        z
          .object({
            page: z.number().int().min(1),
            x: z.number().min(0).max(1),
            y: z.number().min(0).max(1),
            w: z.number().min(0).max(1),
            h: z.number().min(0).max(1),
            option: z.string().max(200).optional(),
          })
          .strict(),
      )
      .max(500)
      .optional(),
    required: z.boolean().optional(),
    readonly: z.boolean().optional(),
    default_value: z.string().max(5000).optional(),
    placeholder: z.string().max(200).optional(),
    help: z.string().max(500).optional(),
    options: z.array(z.string().max(200)).max(100).optional(),
    contact_link: z.enum(contactLinks).optional(),
  })
  .strict()
export type FieldWire = z.output<typeof fieldWire>

/** @param index place in the list, for the id of a field that comes without one */
export function fieldOfWire(wire: FieldWire, index: number): TemplateFieldInput {
  const flat = wire.page === undefined ? [] : [{ page: wire.page, x: wire.x ?? 0, y: wire.y ?? 0, w: wire.w ?? 0.2, h: wire.h ?? 0.04 }]
  const areas = [...flat, ...(wire.areas ?? [])].map(({ w, h, ...rest }) => ({ ...rest, width: w, height: h }))
  return known({
    id: wire.id ?? `${wire.type}-${String(index + 1)}`,
    type: wire.type,
    role: wire.role,
    areas,
    label: wire.name,
    required: wire.required,
    readonly: wire.readonly,
    defaultValue: wire.default_value,
    placeholder: wire.placeholder,
    help: wire.help,
    options: wire.options,
    contactLink: wire.contact_link,
  })
}

/** Without the members that were not given. */
function known<Value extends object>(
  value: Value,
): { [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Value[Key] } & {
  [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Exclude<Value[Key], undefined>
} {
  // Members that are undefined are left out: what stays has the type said above.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as ReturnType<typeof known<Value>>
}
