import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { isLocale, locales, type Locale } from '../../../core/i18n/locale.js'
import { authenticationMethods } from '../authentication/registry.js'
import { companyRole, type TemplateField } from '../models/field.js'
import type { SignRequest } from '../models/request.js'
import { signatureLevels, type SignatureLevel, type TemplateRole } from '../models/role.js'
import type { Template } from '../models/template.js'
import { readRequest } from '../services/request-rows.js'
import type { DraftInput } from '../services/requests/draft-input.js'
import { isSent } from '../services/requests/sender-values.js'
import { readTemplate } from '../services/template-rows.js'
import { endOfDay } from '../views/request-model.js'

/** A draft as the form of the page says it. Every role of the template has its place in the list, in the template's order. */
export async function draftOfForm(
  transaction: CompanyTransaction,
  request: SignRequest,
  body: Readonly<Record<string, unknown>>,
  timeZone: string,
): Promise<DraftInput> {
  const template = await readTemplate(transaction, request.templateId)
  const text = (name: string): string => (typeof body[name] === 'string' ? body[name].trim() : '')
  const list = (name: string): string[] => {
    const value = body[name]
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : typeof value === 'string' ? [value] : []
  }
  const under = (prefix: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(body).flatMap(([name, value]) =>
        name.startsWith(prefix) && typeof value === 'string' && value.trim() !== '' ? [[name.slice(prefix.length), value.trim()]] : [],
      ),
    )
  const firstAfterDays = Number(text('reminders.first'))
  const everyDays = Number(text('reminders.every'))
  const day = text('expiresAt')
  return {
    templateId: request.templateId,
    name: text('name'),
    signers: template.current.roles.map((role) => personOf(role, request, text, list)),
    variables: under('variables.'),
    values: under('values.'),
    message: { subject: text('message.subject'), body: text('message.body') },
    order: orderOf(text('order')),
    ...(day === '' ? {} : { expiresAt: endOfDay(day, timeZone).toISOString() }),
    reminders: firstAfterDays >= 1 ? { firstAfterDays, everyDays: everyDays >= 1 ? everyDays : firstAfterDays } : null,
    ...(text('replyTo') === '' ? {} : { replyTo: text('replyTo') }),
    ...(request.externalId === null ? {} : { externalId: request.externalId }),
    metadata: request.metadata,
    ...(request.completedRedirectUrl === null ? {} : { completedRedirectUrl: request.completedRedirectUrl }),
    ...(request.bulkId === null ? {} : { bulkId: request.bulkId }),
    sendEmail: text('sendEmail') === 'true',
  }
}

function personOf(
  role: TemplateRole,
  request: SignRequest,
  text: (name: string) => string,
  list: (name: string) => string[],
): NonNullable<DraftInput['signers']>[number] {
  const at = `people.${role.id}.`
  const before = request.signers.find((signer) => signer.role === role.id)
  const locale = text(`${at}locale`)
  const [contactId, keyId, pin] = [text(`${at}contactId`), text(`${at}keyId`), text(`${at}pin`)]
  const level = signatureLevels.find((one) => one === text(`${at}level`))
  const methods = list(`${at}authentication`)
  return {
    role: role.id,
    // A name picked from the list may bring the marks that isolated it there.
    name: text(`${at}name`).replace(/[\u2066-\u2069]/g, ''),
    email: text(`${at}email`),
    phone: text(`${at}phone`),
    ...(isLocale(locale) ? { locale } : {}),
    ...(contactId === '' ? {} : { contactId }),
    ...(keyId === '' ? {} : { keyId }),
    ...(level === undefined ? {} : { level }),
    ...(methods.length === 0 ? {} : { authentication: methods }),
    ...(pin === '' ? {} : { pin }),
    inPerson: text(`${at}inPerson`) === 'true',
    ...(before === undefined ? {} : { values: valuesOf(before.values), metadata: before.metadata }),
    ...(before === undefined || before.externalId === null ? {} : { externalId: before.externalId }),
  }
}

function valuesOf(values: SignRequest['values']): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' || typeof value === 'boolean' ? [[name, value]] : [])),
  )
}

function orderOf(value: string): SignRequest['order'] {
  return value === 'parallel' || value === 'sequential' ? value : 'groups'
}

interface Option {
  readonly value: string
  readonly label: string
  readonly selected: boolean
}

const localeNames: Readonly<Record<Locale, string>> = { ar: 'العربية', en: 'English', bg: 'Български' }

/** What the page shows: the draft, what may be chosen, and what is still missing, each beside its field. */
export async function newRequestData(
  host: Host,
  context: CompanyContext,
  requestId: string,
  faults: readonly FaultDetail[],
  tried: boolean,
): Promise<{ readonly name: string; readonly number: string; readonly [fact: string]: unknown }> {
  const { request, template, keys, pins } = await host.db.company(context.companyId, async (transaction) => {
    const read = await readRequest(transaction, requestId)
    const withPin: { id: string }[] = await transaction
      .knex('signatures_signer')
      .where({ company_id: context.companyId, request_id: requestId })
      .whereNotNull('pin_hash')
      .select('id')
    return {
      request: read,
      template: await readTemplate(transaction, read.templateId),
      keys: await host.signing.keys(transaction),
      pins: new Set(withPin.map(({ id }) => id)),
    }
  })
  const company = await host.access.company(context.companyId)
  const methods = await authenticationMethods(host, context)
  const text = (key: string): string => host.i18n.text(context.locale, key)
  const message = (fault: FaultDetail): string => host.i18n.faultOnPage(context.locale, fault)
  const errorOf = (path: string): string | undefined => {
    const fault = tried ? faults.find((one) => one.path === path && one.level !== 'warning') : undefined
    return fault === undefined ? undefined : message(fault)
  }
  const option = (value: string, label: string, selected: boolean): Option => ({ value, label, selected })
  const usable = keys.filter((key) => key.state === 'active' && key.purposes.includes('sign-contract'))
  return {
    ...{ id: requestId, number: request.number, name: request.name, tried },
    template: { id: template.id, name: template.name, editable: template.current.content.kind !== 'text' },
    source: request.source?.label,
    nameError: errorOf('name'),
    people: template.current.roles.map((role) => {
      const index = request.signers.findIndex((signer) => signer.role === role.id)
      const signer = request.signers[index]
      const error = (field: string): string | undefined => errorOf(`signers[${String(index === -1 ? 0 : index)}].${field}`)
      const chosen = signer?.authentication ?? role.authentication
      return {
        role: role.id,
        at: `people.${role.id}.`,
        html: `people-${role.id}`,
        title: role.name,
        action: text(`signatures.action-of.${role.action}`),
        signs: role.action === 'sign',
        acts: role.action !== 'copy',
        name: signer?.name ?? '',
        email: signer?.email ?? '',
        phone: signer?.phone ?? '',
        contactId: signer?.contactId ?? '',
        inPerson: signer?.inPerson ?? role.inPerson,
        hasPin: signer !== undefined && pins.has(signer.id),
        locales: locales.map((locale) => option(locale, localeNames[locale], locale === (signer?.locale ?? template.locale))),
        levels: signatureLevels.map((level: SignatureLevel) =>
          option(level, text(`signatures.level.${level}`), level === (signer?.level ?? role.level)),
        ),
        methods: methods.map((method) => option(method.name, host.i18n.pick(context.locale, method.title), chosen.includes(method.name))),
        keys:
          usable.length === 0
            ? undefined
            : [
                option('', text('signatures.new.no-key'), false),
                ...usable.map((key) =>
                  option(key.id, `${key.name} · ${text(`signatures.new.key-in.${key.provider}`)}`, key.id === signer?.keyId),
                ),
              ],
        errors: {
          name: error('name') ?? error('role'),
          email: error('email'),
          phone: error('phone'),
          level: error('level') ?? error('keyId'),
          authentication: error('authentication'),
        },
        open: tried && (error('level') ?? error('keyId') ?? error('authentication') ?? error('phone')) !== undefined,
      }
    }),
    variables: variablesOf(template, context.locale).map((field) => ({
      ...field,
      value: request.variables[field.name] ?? '',
      error: errorOf(`variables.${field.name}`),
    })),
    values: senderFields(request.fields).map((field) => ({
      name: field.id,
      label: field.label === '' ? field.id : field.label,
      required: field.required,
      value: typeof request.values[field.id] === 'string' ? request.values[field.id] : (field.defaultValue ?? ''),
      error: errorOf(`values.${field.id}`),
    })),
    orders: (['groups', 'parallel', 'sequential'] as const).map((order) =>
      option(order, text(`signatures.order.${order}`), order === request.order),
    ),
    many: template.current.roles.filter((role) => role.action !== 'copy').length > 1,
    subject: request.message.subject ?? '',
    body: request.message.body ?? '',
    expiresAt: request.expiresAt === null ? '' : localDay(request.expiresAt, company.timeZone),
    expiresError: errorOf('expiresAt'),
    first: request.reminders?.firstAfterDays ?? '',
    every: request.reminders?.everyDays ?? '',
    replyTo: request.replyTo ?? '',
    replyError: errorOf('replyTo'),
    sendEmail: request.sendEmail,
    checks: checksOf(request, template, faults, message),
    ready: !faults.some((fault) => fault.level !== 'warning'),
  }
}

/** What is still missing, in words, each with a way to its place. */
function checksOf(
  request: SignRequest,
  template: Template,
  faults: readonly FaultDetail[],
  message: (fault: FaultDetail) => string,
): { readonly text: string; readonly warning: boolean; readonly href: string | undefined }[] {
  return faults.map((fault) => {
    const path = fault.path ?? ''
    const person = /^signers\[(\d+)\]/.exec(path)
    const role = person === null ? undefined : request.signers[Number(person[1])]?.role
    let href: string | undefined
    if (role !== undefined) href = `#people-${role}`
    else if (path.startsWith('template.')) href = `/app/signatures/template/${template.id}/editor`
    else if (path === 'expiresAt' || path === 'replyTo' || path === 'name' || path.startsWith('variables.') || path.startsWith('values.'))
      href = `#f-${path.replace(/[^\w-]/g, '-')}`
    else if (path.startsWith('signers')) href = '#people'
    return { text: message(fault), warning: fault.level === 'warning', href }
  })
}

/** Values that the text asks for. */
function variablesOf(template: Template, locale: Locale): { name: string; html: string; label: string; type: string; required: boolean }[] {
  const { content } = template.current
  if (content.kind !== 'text') return []
  return content.mergeFields.map((field) => ({
    name: field.name,
    html: `f-variables-${field.name.replace(/[^\w-]/g, '-')}`,
    label: field.label[locale] ?? Object.values(field.label)[0] ?? field.name,
    type: field.type === 'date' ? 'date' : 'text',
    required: field.required,
  }))
}

function senderFields(fields: readonly TemplateField[]): TemplateField[] {
  return fields.filter((field) => field.role === companyRole && isSent(field) && field.type !== 'checkbox')
}
