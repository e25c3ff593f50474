import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { latinDigits } from '../../../core/views/format.js'

/** A product as it is sold over the counter. */
export interface Goods {
  readonly id: string
  readonly code: string | null
  readonly name: string
  readonly unit: string
  /** Of one, without tax, in the company's currency. */
  readonly price: string
  /** Null: the company's usual tax. */
  readonly tax: string | null
}

const mostFound = 12

const columns = (locale: Locale): string =>
  `id, code, ${locale === 'ar' ? "coalesce(nullif(name_ar, ''), name)" : 'name'} as name, unit, price::text as price, nullif(tax_code, '') as tax`

/**
 * Products by name, code or barcode. `exact` is the one whose code or barcode was typed or scanned whole; the others contain every word.
 */
export async function findGoods(
  transaction: CompanyTransaction,
  locale: Locale,
  typed: string,
): Promise<{ readonly exact: string | null; readonly goods: readonly Goods[] }> {
  const query = latinDigits(typed).trim().slice(0, 200)
  const words = query.split(/\s+/).filter((word) => word !== '')
  const likes = words.map((word) => `%${word.replace(/[\\%_]/g, String.raw`\$&`)}%`)
  const { rows } = await transaction.knex.raw<{ rows: (Goods & { exact: boolean })[] }>(
    `select ${columns(locale)}, (lower(coalesce(code, '')) = lower(:query) or barcode = :query) and :query <> '' as exact
       from invoicing_product
      where company_id = :companyId and active
        and concat_ws(' ', name, name_ar, code, barcode) ilike all (cast(:likes as text[]))
      order by exact desc nulls last, name, id limit ${String(mostFound)}`,
    { companyId: transaction.companyId, query, likes },
  )
  const whole = rows.filter((row) => row.exact)
  return { exact: whole.length === 1 ? (whole[0]?.id ?? null) : null, goods: rows.map(({ exact: _exact, ...goods }) => goods) }
}

/** Active products by id. */
export async function goodsById(transaction: CompanyTransaction, locale: Locale, ids: readonly string[]): Promise<Map<string, Goods>> {
  if (ids.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: Goods[] }>(
    `select ${columns(locale)} from invoicing_product where company_id = ? and active and id = any(?::uuid[])`,
    [transaction.companyId, [...ids]],
  )
  return new Map(rows.map((row) => [row.id, row]))
}
