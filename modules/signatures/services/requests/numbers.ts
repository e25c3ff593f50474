import type { CompanyTransaction } from '../../../../core/db/database.js'

/**
 * The next number of the company's year: `SIGN/2026/00012`. The year's row stays locked until the transaction ends, so that numbers
 * have neither gaps nor doubles, whoever else makes requests at the moment.
 * @param day ISO day where the company is
 */
export async function takeRequestNumber(transaction: CompanyTransaction, day: string): Promise<string> {
  const year = Number(day.slice(0, 4))
  const { rows } = await transaction.knex.raw<{ rows: { last: number }[] }>(
    `insert into signatures_counter as c (company_id, year, last) values (?, ?, 1)
     on conflict (company_id, year) do update set last = c.last + 1 returning last`,
    [transaction.companyId, year],
  )
  const [row] = rows
  if (row === undefined) throw new Error('counting gives a number')
  return `SIGN/${String(year)}/${String(row.last).padStart(5, '0')}`
}
