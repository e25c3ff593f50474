import { hash, verify } from '@node-rs/argon2'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { checkWithLimit } from './attempts.js'
import { typedDigits } from './mask.js'
import type { AuthenticationCase, AuthenticationMethod } from './method.js'

const name = 'pin'
/** OWASP's first choice of cost for argon2id, as for passwords: 19 MiB, two passes. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** What is stored of a PIN that the sender tells by phone. */
export function hashPin(pin: string): Promise<string> {
  return hash(pin, cost)
}

async function storedHash(transaction: CompanyTransaction, signing: AuthenticationCase): Promise<string | null> {
  const row = await transaction
    .knex<{ company_id: string; id: string; pin_hash: string | null }>('signatures_signer')
    .where({ company_id: transaction.companyId, id: signing.signer.id })
    .first('pin_hash')
  return row?.pin_hash ?? null
}

/** A number that the sender told the signer by another way. */
export function pinMethod(host: Host): AuthenticationMethod {
  return {
    name,
    title: { ar: 'رقم سري من المرسل', en: 'PIN told by the sender', bg: 'ПИН, съобщен от подателя' },
    channel: 'knowledge',
    unavailable: async (transaction, signing) =>
      (await storedHash(transaction, signing)) !== null
        ? undefined
        : { code: 'SIGNATURES-METHOD-NO-PIN', params: { name: signing.signer.name } },
    begin: () => Promise.resolve({ kind: 'code' }),
    check: (signing, answer) =>
      checkWithLimit(host, signing, name, async (transaction) => {
        const stored = await storedHash(transaction, signing)
        const typed = typedDigits(answer['code'])
        const fits = stored !== null && typed !== '' && (await verify(stored, typed))
        return fits ? { passed: {} } : { refused: 'wrong' }
      }),
  }
}
