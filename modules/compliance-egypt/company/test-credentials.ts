import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { EtaEnvironment } from './company-rows.js'
import { updateCompany } from './company-rows.js'
import { credentialsOf } from './credentials.js'

const identityHosts: Readonly<Record<Exclude<EtaEnvironment, 'sandbox'>, string>> = {
  preprod: 'https://id.preprod.eta.gov.eg',
  production: 'https://id.eta.gov.eg',
}

/**
 * Asks the authority for an access token with what is stored; the moment of success is kept.
 * @throws Fault EG-CREDENTIALS-MISSING, EG-CREDENTIALS-REFUSED, EG-SANDBOX-MISSING, HTTP-…
 */
export async function testCredentials(host: Host, context: CompanyContext): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const { environment, clientId, clientSecrets } = await credentialsOf(host, context)
  const refused: string[] = []
  for (const secret of clientSecrets) {
    const answer = await fetchGuarded(`${identityOf(host, environment)}/connect/token`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
      },
      body: 'grant_type=client_credentials',
      timeoutMs: 20_000,
      allowPrivate: host.config.allowedPrivateOrigins,
    })
    if (answer.status === 200) {
      await host.db.company(context.companyId, (transaction) =>
        updateCompany(transaction, { credentials_checked_at: host.now() }, host.now()),
      )
      return
    }
    refused.push(answer.body.toString('utf8').slice(0, 200))
  }
  throw new Fault('EG-CREDENTIALS-REFUSED', { status: 502, params: { reply: refused.at(-1) ?? '' } })
}

function identityOf(host: Host, environment: EtaEnvironment): string {
  if (environment !== 'sandbox') return identityHosts[environment]
  if (host.config.sandbox.url === null) throw new Fault('EG-SANDBOX-MISSING', { status: 503 })
  return `${new URL(host.config.sandbox.url).origin}/eta/id`
}
