import { randomUUID } from 'node:crypto'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { AuthenticationCase } from './method.js'

/** An app or a passkey that somebody enrolled. */
export interface Authenticator {
  readonly id: string
  readonly credential: string
  readonly publicKey: Buffer | null
  readonly secret: Buffer | null
  readonly counter: number
  readonly transports: readonly string[]
}

interface AuthenticatorRow {
  company_id: string
  id: string
  identity: string
  kind: 'totp' | 'passkey'
  credential: string
  public_key: Buffer | null
  secret: Buffer | null
  // bigint columns come as text
  counter: string
  transports: string[]
  created_at: Date
  used_at: Date | null
}

/** Whose it is: the address or phone that was proven when it was enrolled. */
export function identityOf({ signer }: Pick<AuthenticationCase, 'signer'>): string | undefined {
  if (signer.email !== null) return `mail:${signer.email.toLowerCase()}`
  return signer.phone === null ? undefined : `phone:${signer.phone}`
}

/** `lock` keeps two answers with one code apart. */
export async function authenticatorsOf(
  transaction: CompanyTransaction,
  signing: AuthenticationCase,
  kind: 'totp' | 'passkey',
  options: { lock?: boolean } = {},
): Promise<Authenticator[]> {
  const identity = identityOf(signing)
  if (identity === undefined) return []
  const query = transaction
    .knex<AuthenticatorRow>('signatures_authenticator')
    .where({ company_id: transaction.companyId, identity, kind })
    .orderBy('created_at')
  const rows = await (options.lock === true ? query.forUpdate() : query)
  return rows.map((row) => ({
    id: row.id,
    credential: row.credential,
    publicKey: row.public_key,
    secret: row.secret,
    counter: Number(row.counter),
    transports: row.transports,
  }))
}

export async function enrol(
  host: Host,
  transaction: CompanyTransaction,
  signing: AuthenticationCase,
  kind: 'totp' | 'passkey',
  found: {
    readonly credential: string
    readonly publicKey?: Buffer
    readonly secret?: Buffer
    readonly counter: number
    readonly transports?: readonly string[]
  },
): Promise<void> {
  const identity = identityOf(signing)
  if (identity === undefined) throw new Error('nobody to enrol')
  await transaction.knex('signatures_authenticator').insert({
    company_id: transaction.companyId,
    id: randomUUID(),
    identity,
    kind,
    credential: found.credential,
    public_key: found.publicKey ?? null,
    secret: found.secret ?? null,
    counter: found.counter,
    transports: JSON.stringify(found.transports ?? []),
    created_at: host.now(),
    used_at: host.now(),
  })
}

export async function countUse(host: Host, transaction: CompanyTransaction, id: string, counter: number): Promise<void> {
  await transaction
    .knex('signatures_authenticator')
    .where({ company_id: transaction.companyId, id })
    .update({ counter, used_at: host.now() })
}

/**
 * The proof after which a device may be enrolled: the one of the address that it will stand for from then on, in every later request.
 * A PIN, which the sender knows too, or a number that he wrote beside the address, proves nothing of that address.
 */
export function foundationOf({ signer }: Pick<AuthenticationCase, 'signer'>): 'email-code' | 'sms-code' {
  return signer.email === null ? 'sms-code' : 'email-code'
}

/** True when this session proved the address that a device would stand for. */
export function mayEnrol(signing: AuthenticationCase): boolean {
  return signing.proven?.includes(foundationOf(signing)) === true
}
