import { z } from 'zod'
import type { ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { locales } from '../../../core/i18n/locale.js'
import { templateField } from '../models/field.js'
import { templateRole } from '../models/role.js'
import { textContent, type Template } from '../models/template.js'
import { readTemplate, type TemplateRow } from '../services/template-rows.js'
import { createTextTemplate } from '../templates/create-template.js'
import { duplicateTemplate, setTemplateActive } from '../templates/manage-templates.js'
import { materialise } from '../templates/materialise.js'
import { uploadTemplate } from '../templates/upload/upload-template.js'
import { saveFields } from '../templates/versions.js'
import { fieldOfWire, fieldWire } from './request-wire.js'

const user = ['signatures.user']
const tag = 'Templates'
const unknown = 'SIGNATURES-TEMPLATE-UNKNOWN'

const shape = z.object({
  id: z.uuid(),
  name: z.string(),
  locale: z.enum(locales),
  active: z.boolean(),
  version: z.number().int(),
  kind: z.enum(['pdf', 'docx', 'text']),
  pages: z.array(z.object({ width: z.number(), height: z.number() })),
  roles: z.array(templateRole),
  fields: z.array(templateField),
  merge_fields: z.array(z.string()),
  external_id: z.string().nullable(),
  created_at: z.iso.datetime(),
})

const placement = { roles: z.array(templateRole).max(50), fields: z.array(fieldWire).max(2000).default([]) }

/** As a whole: `content` of a text, or a file as base64. */
const newTemplate = z
  .object({
    name: z.string().trim().min(1).max(200),
    locale: z.enum(locales).default('ar'),
    content: textContent.optional(),
    file: z
      .object({ name: z.string().max(200), content: z.base64() })
      .strict()
      .optional(),
    roles: z.array(templateRole).max(50).optional(),
    fields: z.array(fieldWire).max(2000).optional(),
    external_id: z.string().max(200).optional(),
  })
  .strict()
  .refine((one) => (one.content === undefined) !== (one.file === undefined), {
    message: 'SIGNATURES-TEMPLATE-ONE-SOURCE',
    path: ['content'],
  })

function answerOf(template: Template): z.infer<typeof shape> {
  const { current } = template
  return {
    id: template.id,
    name: template.name,
    locale: template.locale,
    active: template.active,
    version: current.number,
    kind: current.content.kind,
    pages: current.pages.map(({ width, height }) => ({ width, height })),
    roles: [...current.roles],
    fields: [...current.fields],
    merge_fields: current.content.kind === 'text' ? current.content.mergeFields.map(({ name }) => name) : [],
    external_id: template.externalId,
    created_at: template.createdAt.toISOString(),
  }
}

/** REST interface of templates. */
export function templatesApi({ host, routes }: ModuleSetup): void {
  routes.api({
    method: 'post',
    path: '/templates',
    summary: 'Makes a template from a text, or from a PDF or Word file; text tags in a file become its fields',
    tag,
    groups: user,
    body: newTemplate,
    response: shape,
    idempotent: true,
    status: 201,
    handle: async ({ context, body }) => {
      const { name, locale, content, file, roles } = body
      const more = body.external_id === undefined ? {} : { externalId: body.external_id }
      const id =
        content !== undefined
          ? await host.db.company(context.companyId, (transaction) =>
              createTextTemplate(host, transaction, context, { name, locale, content, roles: roles ?? [], ...more }),
            )
          : await uploadTemplate(host, context, {
              name,
              locale,
              // One of the two is there: the shape asks for it.
              file: { name: file?.name ?? name, mediaType: '', bytes: Buffer.from(file?.content ?? '', 'base64') },
              ...(roles === undefined ? {} : { roles }),
              ...(body.fields === undefined ? {} : { fields: body.fields.map(fieldOfWire) }),
              ...more,
            })
      return host.db.company(context.companyId, async (transaction) => answerOf(await readTemplate(transaction, id)))
    },
  })

  routes.api({
    method: 'get',
    path: '/templates',
    summary: 'Templates by name',
    tag,
    groups: user,
    query: z.object({
      search: z.string().max(200).optional(),
      external_id: z.string().max(200).optional(),
      archived: z.enum(['true', 'false']).default('false'),
      offset: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    response: z.object({ data: z.array(shape) }),
    handle: ({ context, query }) =>
      host.db.company(context.companyId, async (transaction) => {
        const rows = transaction
          .knex<TemplateRow>('signatures_template')
          .where({ company_id: transaction.companyId, single: false, active: query.archived === 'false' })
        if (query.search !== undefined) void rows.whereILike('name', `%${query.search.replace(/[\\%_]/g, '\\$&')}%`)
        if (query.external_id !== undefined) void rows.where('external_id', query.external_id)
        const found = await rows.orderBy('name').orderBy('id').offset(query.offset).limit(query.limit).select('id')
        return { data: await Promise.all(found.map(async ({ id }) => answerOf(await readTemplate(transaction, id)))) }
      }),
  })

  routes.api({
    method: 'get',
    path: '/templates/:id',
    summary: 'One template with its newest version',
    tag,
    groups: user,
    response: shape,
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => answerOf(await readTemplate(transaction, idOf(params)))),
  })

  routes.api({
    method: 'put',
    path: '/templates/:id/fields',
    summary: 'Replaces roles and fields; a version that a request uses stays as it is and the next one is made',
    tag,
    groups: user,
    body: z.object(placement).strict(),
    response: shape,
    handle: ({ context, params, body }) =>
      host.db.company(context.companyId, async (transaction) => {
        const { current } = await readTemplate(transaction, idOf(params))
        await saveFields(transaction, context, current.id, current.revision, { roles: body.roles, fields: body.fields.map(fieldOfWire) })
        return answerOf(await readTemplate(transaction, idOf(params)))
      }),
  })

  routes.api({
    method: 'post',
    path: '/templates/:id/clone',
    summary: 'A copy under another name',
    tag,
    groups: user,
    body: z.object({ name: z.string().trim().min(1).max(200) }).strict(),
    response: shape,
    status: 201,
    handle: ({ context, params, body }) =>
      host.db.company(context.companyId, async (transaction) =>
        answerOf(await readTemplate(transaction, await duplicateTemplate(host, transaction, context, idOf(params), body.name))),
      ),
  })

  routes.api({
    method: 'delete',
    path: '/templates/:id',
    summary: 'Archives a template: requests made from it go on',
    tag,
    groups: user,
    response: z.object({ archived: z.boolean() }),
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => {
        await setTemplateActive(host, transaction, context, [idOf(params)], false)
        return { archived: true }
      }),
  })

  routes.api({
    method: 'get',
    path: '/templates/:id/pdf',
    summary: 'The document of a template as PDF; a text shows the names of its merge fields',
    tag,
    groups: user,
    response: { mediaType: 'application/pdf' },
    handle: async ({ context, params }) => {
      const template = await host.db.company(context.companyId, (transaction) => readTemplate(transaction, idOf(params)))
      const { pdf } = await materialise(host, context, template.current, {}, { draft: true })
      return new FileAnswer(pdf, 'application/pdf', `${template.name}.pdf`)
    },
  })
}

function idOf(params: Readonly<Record<string, string>>): string {
  const parsed = z.uuid().safeParse(params['id'])
  if (!parsed.success) throw new Fault(unknown, { status: 404 })
  return parsed.data
}
