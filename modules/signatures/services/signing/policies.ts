import type { SignatureLevel } from '../../models/role.js'

/**
 * Certificate policies of host authorities, below an arc that comes from a random UUID (ITU-T X.667, 2.25) and is nobody else's: how
 * the person in the certificate was known. No outside authority proved it.
 */
const arc = '2.25.267037580643061685660811454731668567747'

export const hostPolicies: Readonly<Record<SignatureLevel, string>> = {
  simple: `${arc}.1.1`,
  advanced: `${arc}.1.2`,
  // Never issued: the level demands an outside authority. Named so that the table has no hole.
  qualified: `${arc}.1.3`,
}

/** Methods as a certificate names them, in the language of certificates; a method of another module by its own name. */
const methodWords: Readonly<Record<string, string>> = {
  'email-code': 'e-mail code',
  'sms-code': 'SMS code',
  totp: 'authenticator app',
  passkey: 'passkey',
  pin: 'PIN told by the sender',
  'in-person': 'in the presence of the sender',
}

/** `personal link, e-mail code`: what stood between a stranger and this signature. */
export function proofWords(authentication: readonly string[], inPerson: boolean): string {
  const methods = authentication.map((method) => methodWords[method] ?? method)
  return ['personal link', ...methods, ...(inPerson ? [methodWords['in-person'] ?? ''] : [])].join(', ')
}
