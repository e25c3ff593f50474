import { z } from 'zod'
import type { ModuleSetup } from '../../../core/host/module.js'
import { plainText } from '../../../core/views/field-control.js'
import type { FieldDefinition, ListColumn } from '../../../core/views/view.js'
import { catalogueModel } from './catalogue-model.js'
import { units } from './invoice-form.js'

const code = z.string().trim().min(1).max(20)
const name = z.string().trim().min(1).max(200)
const active = z.boolean().default(true)
const decimal = z.string().regex(/^\d{1,12}(\.\d{1,9})?$/)
const optionalText = z
  .string()
  .nullish()
  .transform((value) => (value === undefined || value === '' ? null : value))

const field = (column: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name: column,
  label: `invoicing.field.${column.replaceAll('_', '-')}`,
  type,
  ...more,
})
const column = (name: string, type: FieldDefinition['type'], more: Partial<ListColumn> = {}): ListColumn => ({
  ...field(name, type),
  sortable: true,
  ...more,
})
const names = [
  field('name_ar', 'text', { required: true }),
  field('name_en', 'text', { required: true }),
  field('name_bg', 'text', { required: true }),
]
const activeFilter = [{ name: 'active', label: 'invoicing.filter.active', where: { active: true } }]

/** Products, taxes, payment terms, currencies, and the list of payments. */
export function catalogueViews(setup: ModuleSetup): void {
  const { host, views } = setup

  views.model(
    catalogueModel(host, {
      model: 'invoicing.product',
      table: 'invoicing_product',
      schema: z.object({
        code: optionalText,
        barcode: optionalText,
        name,
        name_ar: optionalText,
        unit: z.string().max(10).default('PCE'),
        price: decimal,
        // Offered while one types, with a space after the code.
        tax_code: optionalText.transform((code) => code?.trim() ?? null),
        active,
      }),
      searchColumns: ['name', 'name_ar', 'code', 'barcode'],
      label: (record) => [record['code'], record['name']].filter((part) => typeof part === 'string' && part !== '').join(' · '),
      defaults: { unit: 'PCE', price: '0' },
    }),
  )
  views.add({
    id: 'invoicing.product.list',
    kind: 'list',
    model: 'invoicing.product',
    title: 'invoicing.list.products',
    columns: [
      column('code', 'code'),
      column('name', 'text'),
      column('name_ar', 'text', { optional: 'show' }),
      column('barcode', 'code', { optional: 'hide' }),
      column('price', 'decimal'),
      column('unit', 'code', { optional: 'hide' }),
      column('tax_code', 'code', { optional: 'show' }),
    ],
    filters: activeFilter,
    defaultFilters: ['active'],
    defaultSort: { column: 'name', direction: 'asc' },
    empty: { text: 'invoicing.empty.products', action: 'invoicing.action.new-product' },
  })
  views.add({
    id: 'invoicing.product.form',
    kind: 'form',
    model: 'invoicing.product',
    title: 'invoicing.form.product',
    heading: 'name',
    groups: [
      { fields: [field('name', 'text', { required: true }), field('name_ar', 'text'), field('code', 'code'), field('barcode', 'code')] },
      {
        fields: [
          field('price', 'decimal', { required: true }),
          field('unit', 'select', { options: units, required: true }),
          field('tax_code', 'code', {
            help: 'invoicing.help.tax-code',
            relation: { model: 'invoicing.tax', domain: () => ({ active: true, main: true }) },
          }),
          field('active', 'checkbox'),
        ],
      },
    ],
    messageLog: true,
  })

  views.model(
    catalogueModel(host, {
      model: 'invoicing.tax',
      table: 'invoicing_tax',
      schema: z.object({
        code,
        name_ar: name,
        name_en: name,
        name_bg: name,
        rate: z
          .string()
          .regex(/^\d{1,3}(\.\d{1,4})?$/)
          .refine((rate) => Number(rate) <= 100),
        // UN/EDIFACT 5305, or the type by which a country knows a further tax.
        category: z.string().regex(/^[A-Z][A-Z0-9]{0,2}$/),
        exemption_code: optionalText,
        valid_from: z.iso.date(),
        valid_to: z.iso
          .date()
          .nullish()
          .transform((value) => value ?? null),
        source: z
          .string()
          .max(500)
          .nullish()
          .transform((value) => value ?? ''),
        active,
      }),
      searchColumns: ['code', 'name_ar', 'name_en', 'name_bg'],
      label: (record, locale = 'en') => `${plainText(record[`name_${locale}`])} (${plainText(record['code'])})`,
      // A main tax has a category of UN/EDIFACT 5305; further taxes have the type their country knows them by.
      select: { main: `(invoicing_tax.category in ('S', 'Z', 'E', 'O', 'AE', 'G', 'K', 'L', 'M'))` },
      offered: 'invoicing_tax.rate desc, length(invoicing_tax.category), invoicing_tax.category, invoicing_tax.code',
      defaults: { category: 'S', valid_from: '2020-01-01' },
    }),
  )
  views.add({
    id: 'invoicing.tax.list',
    kind: 'list',
    model: 'invoicing.tax',
    title: 'invoicing.list.taxes',
    columns: [
      column('code', 'code'),
      column('name_ar', 'text'),
      column('name_en', 'text'),
      column('rate', 'percent'),
      column('category', 'code'),
      column('valid_from', 'date'),
      column('valid_to', 'date'),
      column('source', 'text', { optional: 'hide' }),
    ],
    filters: activeFilter,
    defaultFilters: ['active'],
    defaultSort: { column: 'code', direction: 'asc' },
    empty: { text: 'invoicing.empty.taxes', action: 'invoicing.action.new-tax' },
  })
  views.add({
    id: 'invoicing.tax.form',
    kind: 'form',
    model: 'invoicing.tax',
    title: 'invoicing.form.tax',
    heading: 'code',
    groups: [
      { fields: [field('code', 'code', { required: true }), ...names] },
      {
        fields: [
          field('rate', 'percent', { required: true }),
          field('category', 'code', { required: true, help: 'invoicing.help.category' }),
          field('exemption_code', 'code'),
          field('valid_from', 'date', { required: true, help: 'invoicing.help.valid' }),
          field('valid_to', 'date'),
          field('source', 'text'),
          field('active', 'checkbox'),
        ],
      },
    ],
    messageLog: true,
  })

  views.model(
    catalogueModel(host, {
      model: 'invoicing.term',
      table: 'invoicing_term',
      schema: z.object({
        code,
        name_ar: name,
        name_en: name,
        name_bg: name,
        kind: z.enum(['days', 'end_of_month']),
        days: z.coerce.number().int().min(0).max(3650),
        active,
      }),
      searchColumns: ['code', 'name_ar', 'name_en', 'name_bg'],
      label: (record) => plainText(record['name_en'] ?? record['code']),
      defaults: { kind: 'days', days: 0 },
    }),
  )
  const kinds = [
    { value: 'days', label: 'invoicing.term.days' },
    { value: 'end_of_month', label: 'invoicing.term.end_of_month' },
  ]
  views.add({
    id: 'invoicing.term.list',
    kind: 'list',
    model: 'invoicing.term',
    title: 'invoicing.list.terms',
    columns: [
      column('code', 'code'),
      column('name_ar', 'text'),
      column('name_en', 'text'),
      column('kind', 'select', { options: kinds }),
      column('days', 'number'),
    ],
    filters: activeFilter,
    defaultSort: { column: 'days', direction: 'asc' },
    empty: { text: 'invoicing.empty.terms', action: 'invoicing.action.new-term' },
  })
  views.add({
    id: 'invoicing.term.form',
    kind: 'form',
    model: 'invoicing.term',
    title: 'invoicing.form.term',
    heading: 'code',
    groups: [
      { fields: [field('code', 'code', { required: true }), ...names] },
      {
        fields: [
          field('kind', 'select', { options: kinds, required: true }),
          field('days', 'number', { required: true }),
          field('active', 'checkbox'),
        ],
      },
    ],
  })

  const rates: FieldDefinition = {
    ...field('rates', 'lines'),
    columns: [field('valid_from', 'date', { required: true }), field('rate', 'decimal', { required: true })],
  }
  const rateRow = z.object({ valid_from: z.iso.date(), rate: decimal })
  views.model(
    catalogueModel(host, {
      model: 'invoicing.currency',
      table: 'invoicing_currency',
      schema: z.object({
        code: z.string().regex(/^[A-Z]{3}$/),
        symbol: z.string().min(1).max(10),
        digits: z.coerce.number().int().min(0).max(4),
        active,
      }),
      searchColumns: ['code', 'symbol'],
      label: (record) => plainText(record['code']),
      defaults: { digits: 2 },
      children: {
        field: 'rates',
        load: async (transaction, id) => {
          const rows: { valid_from: string; rate: string }[] = await transaction
            .knex('invoicing_rate')
            .where({ company_id: transaction.companyId, currency_id: id })
            .orderBy('valid_from', 'desc')
            .select(['valid_from', 'rate'])
          return rows
        },
        save: async (transaction, id, rows) => {
          const key = { company_id: transaction.companyId, currency_id: id }
          const parsed = z.array(rateRow).parse(rows.map(({ valid_from, rate }) => ({ valid_from, rate })))
          await transaction.knex('invoicing_rate').where(key).delete()
          if (parsed.length > 0) await transaction.knex('invoicing_rate').insert(parsed.map((row) => ({ ...row, ...key })))
        },
      },
    }),
  )
  views.add({
    id: 'invoicing.currency.list',
    kind: 'list',
    model: 'invoicing.currency',
    title: 'invoicing.list.currencies',
    columns: [column('code', 'code'), column('symbol', 'text'), column('digits', 'number'), column('active', 'checkbox')],
    filters: activeFilter,
    defaultFilters: ['active'],
    defaultSort: { column: 'code', direction: 'asc' },
    empty: { text: 'invoicing.empty.currencies', action: 'invoicing.action.new-currency' },
  })
  views.add({
    id: 'invoicing.currency.form',
    kind: 'form',
    model: 'invoicing.currency',
    title: 'invoicing.form.currency',
    heading: 'code',
    groups: [
      { fields: [field('code', 'code', { required: true }), field('symbol', 'text', { required: true })] },
      { fields: [field('digits', 'number', { required: true }), field('active', 'checkbox')] },
    ],
    tabs: [{ name: 'rates', label: 'invoicing.tab.rates', groups: [{ fields: [rates] }] }],
  })
}
