import type { Knex } from 'knex'
import type { EvidenceHouse } from './finished-request.js'

/** Changes the database as its owner may, who is bound by no rule in it. */
export async function asOwner(house: EvidenceHouse, work: (knex: Knex.Transaction) => PromiseLike<unknown>): Promise<void> {
  // The running database knows its owner's connection; modules are not told.
  const { ownerKnex } = house.host.host.db as unknown as { readonly ownerKnex: Knex }
  await ownerKnex.transaction(async (transaction) => {
    await transaction.raw(`select set_config('app.company_id', ?, true)`, [house.context.companyId])
    await work(transaction)
  })
}
