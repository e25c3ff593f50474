/** A coded fault inside the token process; crosses to the host as data. */
export class TokenFault extends Error {
  constructor(
    readonly code: string,
    readonly params: Record<string, string | number> = {},
  ) {
    super(code)
    this.name = 'TokenFault'
  }
}

/** CKR codes after which sessions and handles are worthless until the library starts anew (measured on SoftHSM2; PKCS#11 3.1 section 5.1). */
const lost = new Set([0x05, 0x30, 0x32, 0x60, 0x82, 0xb3, 0xe0, 0x101, 0x190])

/** The CKR_ value of an error of the token's module (PKCS #11 v3.1, clause 5.1.6); undefined for other errors. */
export function returnCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

/** Whether the token or its session is gone: to be opened anew. */
export function isLost(error: unknown): boolean {
  const code = returnCode(error)
  return code !== undefined && lost.has(code)
}

/** A library's answer as a fault: the CKR name tells an operator more than any text of ours. */
export function asTokenFault(error: unknown): TokenFault {
  if (error instanceof TokenFault) return error
  const code = returnCode(error)
  if (code === undefined) return new TokenFault('SIGN-PROVIDER-FAILED', { reason: error instanceof Error ? error.name : 'error' })
  const reason = error instanceof Error ? error.message.slice(0, 60) : `CKR ${code}`
  if (code === 0xa0 || code === 0xa1 || code === 0xa2) return new TokenFault('SIGN-PIN-WRONG')
  if (code === 0xa4) return new TokenFault('SIGN-PIN-LOCKED')
  if (code === 0xe0 || code === 0x32) return new TokenFault('SIGN-TOKEN-MISSING', { token: '' })
  return new TokenFault('SIGN-PROVIDER-FAILED', { reason })
}
