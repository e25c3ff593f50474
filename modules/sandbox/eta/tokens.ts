import { randomBytes } from 'node:crypto'
import { hashOf, type EtaRegister, type Taxpayer } from './register.js'

const lifetimeSeconds = 3600

/** Access tokens of the identity service; they live in memory, as long as the process. */
export class EtaTokens {
  private readonly tokens = new Map<string, { readonly rin: string; readonly until: number }>()

  constructor(private readonly register: EtaRegister) {}

  /** POST connect/token, `client_credentials` (RFC 6749 section 4.4). @returns undefined for credentials nobody has */
  issue(
    clientId: string,
    secret: string,
  ): { readonly access_token: string; readonly expires_in: number; readonly token_type: string; readonly scope: string } | undefined {
    const taxpayer = this.register.authenticate(clientId, secret)
    if (taxpayer === undefined) return undefined
    const token = randomBytes(32).toString('base64url')
    this.tokens.set(hashOf(token), { rin: taxpayer.rin, until: Date.now() + lifetimeSeconds * 1000 })
    return { access_token: token, expires_in: lifetimeSeconds, token_type: 'Bearer', scope: 'InvoicingAPI' }
  }

  holder(token: string): Taxpayer | undefined {
    const found = this.tokens.get(hashOf(token))
    return found === undefined || found.until < Date.now() ? undefined : this.register.taxpayer(found.rin)
  }

  /** Ends all tokens at once, as an operator may. */
  endAll(): void {
    this.tokens.clear()
  }
}
