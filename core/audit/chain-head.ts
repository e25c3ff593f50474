import type { CompanyTransaction } from '../db/database.js'
import { chainStart } from './event-hash.js'

/** End of a company's chain: the number of its last event and that event's hash. */
export interface ChainHead {
  readonly sequence: number
  readonly hash: Buffer
}

/** The stored head of a company's chain; number 0 and the start of all chains while nothing was ever recorded. */
export async function chainHead({ companyId, knex }: CompanyTransaction): Promise<ChainHead> {
  const head = await knex<{ company_id: string; sequence: number; hash: Buffer }>('core_audit_head')
    .where({ company_id: companyId })
    .first('sequence', 'hash')
  return head ?? { sequence: 0, hash: chainStart }
}
