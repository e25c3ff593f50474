import assert from 'node:assert/strict'
import type { ListResult } from '../list-query.js'
import { drawList, type ListDrawCall } from '../list-page.js'
import type { ListView } from '../view.js'

const view: ListView = {
  id: 'shop.sale.list',
  kind: 'list',
  model: 'shop.sale',
  title: 'sales',
  columns: [
    { name: 'number', label: 'number', type: 'text' },
    { name: 'total', label: 'total', type: 'money', currencyField: 'currency', sum: true },
  ],
  empty: { text: 'none' },
}

const call: ListDrawCall = {
  shown: { locale: 'en', digits: 'latin', timeZone: 'UTC' },
  texts: { text: (_locale, key) => key },
  decimalsOf: (currency) => (currency === 'KWD' ? 3 : currency === 'JPY' ? 0 : 2),
  relations: new Map(),
  context: {
    companyId: 'c',
    actor: { kind: 'user', id: 'u', name: 'Maha' },
    locale: 'en',
    source: 'web',
    groups: new Set(['*']),
  },
  path: '/app/shop/sale',
  viewId: undefined,
  chosen: undefined,
  recordLabel: () => '',
}

function footerOf(...total: readonly { amount: string; currency: string | null }[]): string | undefined {
  const result: ListResult = { rows: [], total: 0, sums: { total } }
  return drawList(view, { filters: [], offset: 0, limit: 80 }, result, call).footer?.at(-1)?.text
}

describe('sums under a list', () => {
  it('have the decimals of their currency: three of dinars, none of yen', () => {
    assert.equal(footerOf({ amount: '1234.5', currency: 'KWD' }), '1,234.500')
    assert.equal(footerOf({ amount: '1234', currency: 'JPY' }), '1,234')
    assert.equal(footerOf({ amount: '1234.5', currency: 'SAR' }), '1,234.50')
    assert.equal(footerOf({ amount: '1234.5', currency: null }), '1,234.50')
  })

  it('of several currencies stand one a line, each with its own', () => {
    assert.equal(footerOf({ amount: '7', currency: 'KWD' }, { amount: '8.1', currency: 'EGP' }), '7.000\u00a0KWD\n8.10\u00a0EGP')
  })
})
