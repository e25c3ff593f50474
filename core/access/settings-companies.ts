import { z } from 'zod'
import { Fault } from '../i18n/fault.js'
import { enableForCountry } from '../host/enable-for-country.js'
import type { ModuleSetup } from '../host/module.js'
import { plainText } from '../views/field-control.js'
import { currencies } from '../money/currencies.js'
import type { FieldDefinition, FormView, ListView, Model, RecordValues } from '../views/view.js'
import type { NewCompany } from './access.js'
import type { PostalAddress } from './context.js'
import type { AccessService } from './create-access.js'
import { suggestedFor } from './country-suggestions.js'
import { administrator } from './groups.js'
import { languageOptions } from './settings-users.js'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null)
const values = z.object({
  code: z.string(),
  name: z.string(),
  nameAr: text,
  country: z.string(),
  currency: z.string(),
  timeZone: z.string(),
  locale: z.enum(['ar', 'en', 'bg']),
  digits: z.enum(['latin', 'arabic-indic']),
  sandbox: z.boolean().default(false),
  phone: text,
  email: text,
  website: text,
  street: text,
  building: text,
  additionalNumber: text,
  district: text,
  city: text,
  region: text,
  postalCode: text,
  identifiers: z.array(z.object({ scheme: z.string().regex(/^[A-Z\d]{2,10}$/), value: z.string().min(1).max(60) })).default([]),
})

/** @param before what the company had: parts of its address that are not on the form stay */
function companyOf(given: RecordValues, before?: PostalAddress): NewCompany {
  const parsed = values.safeParse(given)
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => ({
      code: 'ACCESS-FIELD',
      path: issue.path
        .map(String)
        .join('.')
        .replace(/\.(\d+)/g, '[$1]'),
    }))
    throw new Fault('ACCESS-FIELD', { details })
  }
  const { street, building, additionalNumber, district, city, region, postalCode, ...rest } = parsed.data
  const lines = { ...before, street, building, additionalNumber, district, city, region, postalCode }
  return { ...rest, address: { ...Object.fromEntries(Object.entries(lines).filter(([, value]) => value !== null)), country: rest.country } }
}

/** Companies the reader is a member of. The present company is edited; a new one makes its author a member. */
export function addCompanyViews(setup: ModuleSetup, access: AccessService): void {
  setup.views.model(companyModel(setup, access))
  setup.views.menu({
    app: 'settings',
    label: 'access.companies',
    icon: 'building',
    href: '/app/settings/company',
    order: 30,
    group: administrator,
    parent: true,
  })
  setup.views.add(companyList)
  setup.views.add(companyForm)
}

function companyModel(setup: ModuleSetup, access: AccessService): Model {
  return {
    name: 'settings.company',
    table: 'core_company',
    searchColumns: ['name', 'name_ar', 'code'],
    label: (record) => plainText(record['name']),
    groups: { read: administrator, write: administrator },
    auditType: 'company',
    // Only the company one works in: its row is shown to its administrators, others after a switch.
    from: (query) => query.whereRaw(`core_company.id = current_setting('app.company_id')::uuid`),
    load: async (_transaction, context, id) => {
      if (id !== context.companyId) return undefined
      const company = await access.company(id)
      return { ...company.address, ...company, identifiers: company.identifiers.map((one) => ({ ...one })) }
    },
    defaults: async (_transaction, context) => {
      const { country, currency, timeZone } = await access.company(context.companyId)
      return { locale: context.locale, digits: 'latin', country, currency, timeZone, identifiers: [], sandbox: false }
    },
    compute: (_transaction, _context, given) =>
      Promise.resolve(
        given['id'] === undefined
          ? suggestedFor(plainText(given['country']), { currency: plainText(given['currency']), timeZone: plainText(given['timeZone']) })
          : {},
      ),
    save: async (transaction, context, id, given) => {
      const company = companyOf(given, id === undefined ? undefined : (await access.company(id)).address)
      Fault.throwIfAny(await setup.host.hooks.veto('company.validate', company, { context, transaction }))
      if (id === undefined) {
        const { actor } = context
        const created = await setup.host.access.createCompany(company, async (own, { id: companyId, name }) => {
          if (actor.kind === 'user')
            await own.knex('core_membership').insert({ user_id: actor.id, company_id: companyId, groups: JSON.stringify([administrator]) })
          const subject = { type: 'company', id: companyId, label: name }
          setup.host.audit.record(own, { ...context, companyId }, { action: 'company.created', subject })
        })
        await enableForCountry(setup.host, await access.systemContext(created.id, 'web'))
        return { id: created.id, companyId: created.id }
      }
      await access.updateCompany(id, company)
      setup.host.audit.record(transaction, context, { action: 'company.changed', subject: { type: 'company', id, label: company.name } })
      return { id }
    },
  }
}

const countryFields: readonly FieldDefinition[] = [
  { name: 'country', label: 'access.field.country', type: 'country', required: true, recompute: true },
  {
    name: 'currency',
    label: 'access.field.currency',
    type: 'select',
    required: true,
    options: currencies()
      .filter((one) => one.closed === undefined)
      .map((one) => ({ value: one.code, label: one.code })),
  },
  { name: 'timeZone', label: 'access.field.time-zone', type: 'code', required: true },
  { name: 'locale', label: 'access.field.language', type: 'select', required: true, options: languageOptions },
  {
    name: 'digits',
    label: 'access.field.digits',
    type: 'select',
    required: true,
    options: [
      { value: 'latin', label: 'access.digits.latin' },
      { value: 'arabic-indic', label: 'access.digits.arabic' },
    ],
  },
  {
    name: 'sandbox',
    label: 'access.field.sandbox',
    help: 'access.field.sandbox.help',
    type: 'checkbox',
    readonly: (record) => record['id'] !== undefined,
  },
]

const companyList: ListView = {
  id: 'settings.company.list',
  kind: 'list',
  model: 'settings.company',
  title: 'access.companies',
  columns: [
    { name: 'name', label: 'access.field.name', type: 'text' },
    { name: 'name_ar', label: 'access.field.name-ar', type: 'text' },
    { name: 'code', label: 'access.field.code', type: 'code' },
    { name: 'country', label: 'access.field.country', type: 'country' },
    { name: 'currency', label: 'access.field.currency', type: 'code' },
    { name: 'sandbox', label: 'access.field.sandbox', type: 'checkbox' },
  ],
  defaultSort: { column: 'name', direction: 'asc' },
  empty: { text: 'access.companies.empty' },
}

const companyForm: FormView = {
  id: 'settings.company.form',
  kind: 'form',
  model: 'settings.company',
  title: 'access.company',
  heading: 'name',
  groups: [
    {
      fields: [
        { name: 'name', label: 'access.field.name', type: 'text', required: true },
        { name: 'nameAr', label: 'access.field.name-ar', type: 'text' },
        { name: 'code', label: 'access.field.code', type: 'code', required: true, readonly: (record) => record['id'] !== undefined },
        { name: 'phone', label: 'access.field.phone', type: 'phone' },
        { name: 'email', label: 'access.field.email', type: 'email' },
        { name: 'website', label: 'access.field.website', type: 'url' },
      ],
    },
    { fields: countryFields },
  ],
  tabs: [
    {
      name: 'address',
      label: 'access.tab.address',
      groups: [
        {
          fields: [
            { name: 'street', label: 'access.field.street', type: 'text' },
            { name: 'building', label: 'access.field.building', type: 'code' },
            { name: 'additionalNumber', label: 'access.field.additional-number', type: 'code' },
          ],
        },
        {
          fields: [
            { name: 'district', label: 'access.field.district', type: 'text' },
            { name: 'city', label: 'access.field.city', type: 'text' },
            { name: 'region', label: 'access.field.region', type: 'text' },
            { name: 'postalCode', label: 'access.field.postal-code', type: 'code' },
          ],
        },
      ],
    },
    {
      name: 'identifiers',
      label: 'access.tab.identifiers',
      groups: [
        {
          fields: [
            {
              name: 'identifiers',
              label: 'access.tab.identifiers',
              type: 'lines',
              columns: [
                { name: 'scheme', label: 'access.field.scheme', type: 'code', required: true },
                { name: 'value', label: 'access.field.value', type: 'code', required: true },
              ],
            },
          ],
        },
      ],
    },
  ],
  messageLog: true,
}
