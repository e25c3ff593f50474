import type { CompanyTransaction } from '../../../core/db/database.js'
import { trim } from '../../../core/money/decimal-text.js'
import type { PersonLimitKind } from '../data/limits.js'

/** The authority's figure as a company states it, in pounds, from a day on. */
export interface OwnPersonLimit {
  readonly kind: PersonLimitKind
  readonly from: string
  readonly amount: string
}

/** By kind, the newest first. */
export async function personLimitsOf(transaction: CompanyTransaction): Promise<OwnPersonLimit[]> {
  const { rows } = await transaction.knex.raw<{ rows: OwnPersonLimit[] }>(
    `select kind, valid_from::text as "from", amount::text as "amount" from compliance_egypt_person_limit
     where company_id = ? order by kind, valid_from desc`,
    [transaction.companyId],
  )
  return rows.map((row) => ({ ...row, amount: trim(row.amount) }))
}

/** The company's figure of a day; undefined where it states none: then the table of sources decides. */
export async function ownPersonLimit(transaction: CompanyTransaction, kind: PersonLimitKind, day: string): Promise<string | undefined> {
  return (await personLimitsOf(transaction)).find((one) => one.kind === kind && one.from <= day)?.amount
}

/** Adds a figure or writes over the one of its day. */
export async function savePersonLimit(transaction: CompanyTransaction, { kind, from, amount }: OwnPersonLimit): Promise<void> {
  await transaction
    .knex('compliance_egypt_person_limit')
    .insert({ company_id: transaction.companyId, kind, valid_from: from, amount })
    .onConflict(['company_id', 'kind', 'valid_from'])
    .merge({ amount })
}

export async function removePersonLimit(transaction: CompanyTransaction, kind: PersonLimitKind, from: string): Promise<void> {
  await transaction.knex('compliance_egypt_person_limit').where({ company_id: transaction.companyId, kind, valid_from: from }).delete()
}
