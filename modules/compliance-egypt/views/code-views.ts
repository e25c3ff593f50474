import { Fault } from '../../../core/i18n/fault.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import type { FieldDefinition, ListColumn, RecordValues } from '../../../core/views/view.js'
import { changeableStates, codeInput, codeOf, removeCodes, saveCode, type CodeState } from '../authority/codes.js'
import { refreshCodes, sendCodes } from '../authority/request-codes.js'
import { registrationNumberOf } from '../company/readiness.js'
import { cairoDay } from '../data/cairo-day.js'

export const codesPage = '/app/compliance-egypt/codes'
const model = 'compliance-egypt.codes'
const managers = ['invoicing.manager'] as const

const states = (
  [
    ['draft', 'grey'],
    ['sending', 'blue'],
    ['submitted', 'blue'],
    ['approved', 'green'],
    ['rejected', 'red'],
    ['refused', 'red'],
  ] as const satisfies readonly (readonly [CodeState, string])[]
).map(([value, color]) => ({ value, label: `compliance-egypt.code-state.${value}`, color }))

const kinds = (['EGS', 'GS1'] as const).map((value) => ({ value, label: `compliance-egypt.code-type.${value}` }))

const isFixed = (record: RecordValues): boolean =>
  record['state'] !== undefined && !changeableStates.some((state) => state === record['state'])

const column = (name: string, label: string, type: ListColumn['type'], more: Partial<ListColumn> = {}): ListColumn => ({
  name,
  label: `compliance-egypt.${label}`,
  type,
  ...more,
})
const field = (name: string, label: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  label: `compliance-egypt.${label}`,
  type,
  readonly: isFixed,
  ...more,
})

/** Codes of goods as a list and a form: drafts are written and changed here, then sent together; what was sent is only read. */
export function codeViews({ host, views }: ModuleSetup): void {
  views.model({
    name: model,
    table: 'compliance_egypt_code',
    searchColumns: ['item_code', 'name', 'name_ar', 'parent_code'],
    label: (record) => [record['itemCode'], record['item_code']].find((code): code is string => typeof code === 'string') ?? '',
    load: async (transaction, _context, id) => {
      const row = await codeOf(transaction, id)
      return row === undefined ? undefined : { ...row }
    },
    defaults: () => Promise.resolve({ codeType: 'EGS', usage: false, activeFrom: cairoDay(host.now()) }),
    save: async (transaction, context, id, values) => {
      const read = codeInput.safeParse(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== '')))
      if (!read.success) {
        const paths = [...new Set(read.error.issues.map((issue) => issue.path.join('.')))]
        Fault.throwIfAny(paths.map((path) => ({ code: faultOf(path), path })))
        throw read.error
      }
      const rin = registrationNumberOf(await host.access.company(context.companyId))
      if (rin === undefined) throw new Fault('EG-REGISTRATION-MISSING')
      return { id: await saveCode(transaction, rin, id, read.data, host.now()) }
    },
    removable: (record) => changeableStates.some((state) => state === record['state']),
    remove: (transaction, _context, ids) => removeCodes(transaction, ids),
    action: async (context, action) => {
      if (action === 'send') {
        const count = await sendCodes(host, context)
        const level = count === 0 ? 'warning' : 'success'
        return { notice: { key: `compliance-egypt.notice.${count === 0 ? 'codes-none-sent' : 'codes-sent'}`, params: { count }, level } }
      }
      if (action !== 'refresh') throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action } })
      host.access.require(context, 'invoicing.manager')
      await refreshCodes(host, context)
      return { notice: { key: 'compliance-egypt.notice.codes-refreshed', level: 'success' } }
    },
    groups: { read: 'invoicing.manager', write: 'invoicing.manager' },
  })

  views.add({
    id: `${model}.list`,
    kind: 'list',
    model,
    title: 'compliance-egypt.codes.title',
    columns: [
      column('item_code', 'codes.code', 'code', { sortable: true }),
      column('name', 'codes.name-shown', 'text', { arabic: 'name_ar', sortable: true }),
      column('code_type', 'codes.type', 'select', { options: kinds, optional: 'hide' }),
      column('parent_code', 'codes.parent-short', 'code', { optional: 'show' }),
      column('active_from', 'codes.from', 'date', { sortable: true, optional: 'show' }),
      column('active_to', 'codes.to-shown', 'date', { optional: 'hide' }),
      column('state', 'field.state', 'badge', { options: states, sortable: true }),
      column('reason', 'field.reason', 'text', { optional: 'show' }),
    ],
    filters: states.map(({ value, label }) => ({ name: value, label, where: { state: value } })),
    groupBy: [{ column: 'state', label: 'compliance-egypt.field.state' }],
    defaultSort: { column: 'item_code', direction: 'asc' },
    headerActions: [
      { name: 'send', label: 'compliance-egypt.codes.send', icon: 'send', groups: managers },
      { name: 'refresh', label: 'compliance-egypt.codes.refresh', icon: 'refresh', groups: managers },
      { name: 'import', label: 'compliance-egypt.codes.import', icon: 'upload', href: () => `${codesPage}-import`, groups: managers },
    ],
    empty: { text: 'compliance-egypt.codes.none', action: 'compliance-egypt.codes.add' },
    notice: async (transaction, context) => {
      const counted = await transaction
        .knex('compliance_egypt_code')
        .where({ company_id: context.companyId, state: 'draft' })
        .count({ n: '*' })
        .first()
      const count = Number(counted?.['n'] ?? 0)
      if (count === 0) return null
      return { text: host.i18n.text(context.locale, 'compliance-egypt.codes.drafts', { count }), level: 'info', links: [] }
    },
  })

  views.add({
    id: `${model}.form`,
    kind: 'form',
    model,
    title: 'compliance-egypt.codes.one',
    heading: 'itemCode',
    groups: [
      {
        fields: [
          field('itemCode', 'codes.code', 'code', { required: true, help: 'compliance-egypt.codes.code-help' }),
          field('codeType', 'codes.type', 'select', { options: kinds, required: true }),
          field('parentCode', 'codes.parent', 'code', { required: true }),
          field('usage', 'codes.usage', 'checkbox'),
        ],
      },
      {
        fields: [
          field('nameAr', 'codes.name-ar', 'text', { required: true }),
          field('name', 'codes.name', 'text', { required: true }),
          field('activeFrom', 'codes.from', 'date', { required: true }),
          field('activeTo', 'codes.to', 'date'),
          field('state', 'field.state', 'badge', { options: states, readonly: true, visible: (record) => record['state'] !== undefined }),
          field('reason', 'field.reason', 'text', { readonly: true, visible: (record) => Boolean(record['reason']) }),
        ],
      },
    ],
  })
}

/** What is wrong is said at the field; only the classification has a shape of its own to tell. */
function faultOf(path: string): string {
  return path === 'parentCode' ? 'EG-CODE-PARENT' : 'EG-CODE-FORM'
}
