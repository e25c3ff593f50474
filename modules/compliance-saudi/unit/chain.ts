import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault } from '../../../core/i18n/fault.js'
import { firstPreviousHash } from '../ubl/names.js'
import { activeUnit, updateUnit, type UnitRow } from './unit-rows.js'

/** The unit's chain inside one transaction: locked once, advanced in memory, written back before the commit. */
export interface HeldChain {
  readonly unit: UnitRow
  /** PIH of the next document. */
  previousHash: string
  lastCounter: number
}

const chainKey = Symbol('zatca chain')

/**
 * Locks the chain for the rest of the transaction: two transactions of one company advance it one after the other.
 * @throws Fault SA-UNIT-MISSING
 */
export function holdChain(transaction: CompanyTransaction): Promise<HeldChain> {
  return transaction.once(chainKey, () => lockChain(transaction))
}

async function lockChain(transaction: CompanyTransaction): Promise<HeldChain> {
  const unit = await activeUnit(transaction, true)
  if (unit === undefined) throw new Fault('SA-UNIT-MISSING')
  const chain: HeldChain = { unit, previousHash: unit.lastHash ?? firstPreviousHash, lastCounter: unit.lastCounter }
  transaction.beforeCommit(() =>
    chain.lastCounter === unit.lastCounter
      ? Promise.resolve()
      : updateUnit(transaction, unit.id, { last_counter: chain.lastCounter, last_hash: chain.previousHash }),
  )
  return chain
}
