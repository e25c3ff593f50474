import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { PageAnswer } from '../../../core/http/routes.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { drawField, type FieldControl } from '../../../core/views/form-page.js'
import type { FieldDefinition, RecordValues } from '../../../core/views/view.js'
import { parseContact } from '../models/parse-contact.js'
import { checkContact, saveContact } from '../services/save-contact.js'
import { identifierSchemes } from '../services/identifiers.js'
import { contactLabel, schemeOptions } from '../views/contact-views.js'

/** Names of the fields carry this, so that they can stand on a page beside another form's. */
const prefix = 'quick.'

/**
 * The few fields a document asks of a new contact, for a dialog on another form: `GET` draws them with what was typed there, `POST` answers
 * `{ id, label }` of the contact that was made, or the same fields with what is wrong. Everything is judged as in the contact's own form.
 */
export function quickContactPages({ host, routes }: ModuleSetup): void {
  routes.page('get', '/quick', ['contacts.user'], ({ context, query }) =>
    host.db.company(context.companyId, async (transaction) => {
      const { country } = await host.access.company(context.companyId)
      return fragment(host, context, transaction, { kind: 'company', country, ...ofTyped(query['text'] ?? '') }, [])
    }),
  )

  routes.page('post', '/quick', ['contacts.user'], ({ context, body }) =>
    host.db.company(context.companyId, async (transaction): Promise<PageAnswer> => {
      const values = Object.fromEntries(
        Object.entries(body).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
      )
      try {
        const { scheme, number, ...rest } = values
        const contact = parseContact({ ...rest, identifiers: isBlank(number) ? [] : [{ scheme, value: number }] })
        const { faults } = await checkContact(host, context, transaction, contact)
        Fault.throwIfAny(faults)
        // Somebody like it is there already: that is told once, and pressing again makes a second one.
        if (faults.length > 0 && body['anyway'] !== '1') return await fragment(host, context, transaction, values, faults)
        const saved = await saveContact(host, context, transaction, undefined, contact)
        return { kind: 'json', body: { id: saved.contact.id, label: contactLabel({ ...saved.contact }) } }
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return fragment(host, context, transaction, values, error.details)
      }
    }),
  )
}

/** Who types digits into the search means a number, everybody else a name. */
function ofTyped(text: string): RecordValues {
  const typed = text.trim().slice(0, 1000)
  return /^[\d\s-]{6,}$/.test(typed) ? { number: typed.replace(/[\s-]/g, '') } : { name: typed }
}

async function fragment(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  values: RecordValues,
  faults: readonly FaultDetail[],
): Promise<PageAnswer> {
  const company = await host.access.company(context.companyId)
  const schemes = await identifierSchemes(host, context, transaction)
  const fields = fieldsOf(schemeOptions(schemes))
  const [usual] = schemes
  const record = Object.fromEntries(
    [...fields.who, ...fields.where].map(({ name }) => [
      name,
      values[name.slice(prefix.length)] ?? (name === 'quick.scheme' ? usual?.scheme : ''),
    ]),
  )
  const beside = faults.filter(({ level }) => level !== 'warning').map((fault) => ({ ...fault, path: fieldOf(fault.path) }))
  const draw = (field: FieldDefinition): FieldControl =>
    drawField(field, record, {
      context,
      transaction,
      editable: true,
      shown: { locale: context.locale, digits: company.digits, timeZone: company.timeZone },
      texts: host.i18n,
      decimalsOf: () => 2,
      relations: new Map(),
      faults: beside,
      faultText: (fault) => host.i18n.faultOnPage(context.locale, fault),
    })
  const drawn = [...fields.who, ...fields.where]
  return {
    kind: 'fragment',
    template: 'contacts/quick',
    data: {
      who: fields.who.map(draw),
      where: fields.where.map(draw),
      // What no field of this dialog is about stands above them.
      general: beside
        .filter(({ path }) => !drawn.some(({ name }) => name === path))
        .map((fault) => host.i18n.faultOnPage(context.locale, fault)),
      warnings: faults.filter(({ level }) => level === 'warning').map((fault) => host.i18n.faultOnPage(context.locale, fault)),
      people: schemes
        .filter(({ appliesTo }) => appliesTo === 'person')
        .map(({ scheme }) => scheme)
        .join(' '),
      companies: schemes
        .filter(({ appliesTo }) => appliesTo === 'company')
        .map(({ scheme }) => scheme)
        .join(' '),
    },
  }
}

function fieldsOf(schemes: NonNullable<FieldDefinition['options']>): { who: FieldDefinition[]; where: FieldDefinition[] } {
  const field = (name: string, type: FieldDefinition['type'], label: string, more: Partial<FieldDefinition> = {}): FieldDefinition => ({
    name: `${prefix}${name}`,
    type,
    label: `contacts.${label}`,
    ...more,
  })
  const kinds = ['company', 'person'].map((value) => ({ value, label: `contacts.kind.${value}` }))
  return {
    who: [
      field('kind', 'select', 'field.kind', { options: kinds, required: true }),
      field('name', 'text', 'field.name', { required: true }),
      field('scheme', 'select', 'quick.scheme', { options: schemes, required: true }),
      field('number', 'code', 'field.value'),
      field('email', 'email', 'field.email'),
      field('phone', 'phone', 'field.phone'),
    ],
    where: [
      field('country', 'country', 'field.country', { required: true }),
      field('region', 'text', 'field.region'),
      field('city', 'text', 'field.city'),
      field('district', 'text', 'field.district'),
      field('street', 'text', 'field.street'),
      field('building', 'text', 'field.building', { isolate: true }),
      field('postalCode', 'text', 'field.postal-code', { isolate: true }),
    ],
  }
}

/** The field of the dialog a fault is about. */
function fieldOf(path: string | undefined): string {
  if (path === undefined) return ''
  if (path.startsWith('identifiers')) return `${prefix}${path.endsWith('.scheme') ? 'scheme' : 'number'}`
  return `${prefix}${path}`
}

function isBlank(value: unknown): boolean {
  return typeof value !== 'string' || value.trim() === ''
}
