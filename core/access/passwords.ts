import { hash, verify } from '@node-rs/argon2'
import { Fault } from '../i18n/fault.js'

/** argon2id is the library's default algorithm; OWASP's first choice of cost: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const shortest = 10
/** Argon2 reads any length; a bound keeps a megabyte of "password" from costing time. */
const longest = 200

/** Runs in a thread of the library's pool, never on the event loop. @throws Fault ACCESS-PASSWORD-SHORT, ACCESS-PASSWORD-LONG */
export async function hashPassword(password: string): Promise<string> {
  const length = Array.from(password).length
  if (length < shortest) throw new Fault('ACCESS-PASSWORD-SHORT', { path: 'password', params: { length: shortest } })
  if (length > longest) throw new Fault('ACCESS-PASSWORD-LONG', { path: 'password', params: { length: longest } })
  return hash(password.normalize('NFKC'), cost)
}

let dummy: Promise<string> | undefined

/**
 * True when the password fits. With no stored hash (unknown login) the same work is done against a hash that fits nothing,
 * so the time of an answer does not tell whether an account exists.
 */
export async function passwordFits(stored: string | undefined, password: string): Promise<boolean> {
  if (password.length > longest * 4) return false
  dummy ??= hash('no account has this password', cost)
  const fits = await verify(stored ?? (await dummy), password.normalize('NFKC'))
  return fits && stored !== undefined
}
