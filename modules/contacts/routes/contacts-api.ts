import { z } from 'zod'
import type { ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { contactInput } from '../models/contact.js'
import { findContact, findContacts } from '../services/find-contacts.js'
import { identifierSchemes } from '../services/identifiers.js'
import { deleteContacts, saveContact, setActive } from '../services/save-contact.js'

const warning = z.object({ code: z.string(), path: z.string().optional() }).loose()
const contact = z.looseObject({
  id: z.uuid(),
  active: z.boolean(),
  kind: z.enum(['person', 'company']),
  name: z.string(),
  nameAr: z.string().nullable(),
  identifiers: z.array(z.object({ scheme: z.string(), value: z.string() })),
})
const saved = z.object({ contact, warnings: z.array(warning) })

/** REST interface of contacts. */
export function contactsApi(setup: ModuleSetup): void {
  const { host, routes } = setup
  const shared = { tag: 'Contacts', groups: ['contacts.user'] }

  routes.api({
    ...shared,
    method: 'get',
    path: '/contacts',
    summary: 'Contacts by name (Arabic or Latin), identifier or phone',
    query: z.object({
      search: z.string().max(200).optional(),
      kind: z.enum(['person', 'company']).optional(),
      active: z.enum(['true', 'false', 'all']).default('true'),
      parentId: z.uuid().optional(),
      scheme: z.string().max(10).optional(),
      value: z.string().max(60).optional(),
      offset: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(80),
    }),
    response: z.object({ total: z.number(), contacts: z.array(contact) }),
    handle: ({ context, query }) => {
      const { active, scheme, value, ...rest } = query
      return host.db.company(context.companyId, (transaction) =>
        findContacts(transaction, {
          ...rest,
          active: active === 'all' ? undefined : active === 'true',
          identifier: scheme === undefined || value === undefined ? undefined : { scheme, value },
        }),
      )
    },
  })

  routes.api({
    ...shared,
    method: 'get',
    path: '/contacts/schemes',
    summary: 'Kinds of identifiers this company knows',
    response: z.array(z.object({ scheme: z.string(), country: z.string().nullable(), title: z.string(), appliesTo: z.string() })),
    handle: ({ context }) =>
      host.db.company(context.companyId, async (transaction) =>
        (await identifierSchemes(host, context, transaction)).map(({ scheme, country, title, appliesTo }) => ({
          scheme,
          country,
          title: title[context.locale],
          appliesTo,
        })),
      ),
  })

  routes.api({
    ...shared,
    method: 'post',
    path: '/contacts',
    summary: 'Creates a contact; possible duplicates are warnings',
    body: contactInput,
    response: saved,
    idempotent: true,
    status: 201,
    handle: ({ context, body }) =>
      host.db.company(context.companyId, (transaction) => saveContact(host, context, transaction, undefined, body)),
  })

  routes.api({
    ...shared,
    method: 'get',
    path: '/contacts/:id',
    summary: 'One contact',
    response: contact,
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => {
        const found = await findContact(transaction, idOf(params))
        if (found === undefined) throw new Fault('CONTACT-UNKNOWN', { status: 404, params: { id: idOf(params) } })
        return found
      }),
  })

  routes.api({
    ...shared,
    method: 'put',
    path: '/contacts/:id',
    summary: 'Replaces a contact; documents that carry it keep what they were posted with',
    body: contactInput,
    response: saved,
    handle: ({ context, params, body }) =>
      host.db.company(context.companyId, (transaction) => saveContact(host, context, transaction, idOf(params), body)),
  })

  for (const [verb, active] of [
    ['archive', false],
    ['restore', true],
  ] as const) {
    routes.api({
      ...shared,
      method: 'post',
      path: `/contacts/:id/${verb}`,
      summary: active ? 'Brings a contact back from the archive' : 'Archives a contact',
      response: z.object({ active: z.boolean() }),
      handle: ({ context, params }) =>
        host.db.company(context.companyId, async (transaction) => {
          const id = idOf(params)
          if ((await findContact(transaction, id)) === undefined) throw new Fault('CONTACT-UNKNOWN', { status: 404, params: { id } })
          await setActive(host, context, transaction, [id], active)
          return { active }
        }),
    })
  }

  routes.api({
    ...shared,
    method: 'delete',
    path: '/contacts/:id',
    summary: 'Deletes a contact that nothing refers to',
    groups: ['contacts.manager'],
    response: z.object({ deleted: z.boolean() }),
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => {
        await deleteContacts(host, context, transaction, [idOf(params)])
        return { deleted: true }
      }),
  })
}

function idOf(params: Readonly<Record<string, string>>): string {
  const id = params['id'] ?? ''
  if (!z.uuid().safeParse(id).success) throw new Fault('CONTACT-UNKNOWN', { status: 404, params: { id: id.slice(0, 60) } })
  return id
}
