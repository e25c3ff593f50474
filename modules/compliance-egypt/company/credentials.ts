import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { egyptCompany, updateCompany, type EtaEnvironment } from './company-rows.js'

const purpose = 'eta-client-secret'
type Context = Pick<CompanyContext, 'companyId'>

/** What the portal gave for the company's own system. */
export interface EtaCredentials {
  readonly environment: EtaEnvironment
  readonly clientId: string
  /** First, then the spare one: while the portal renews one, the other still opens. */
  readonly clientSecrets: readonly string[]
}

/** @throws Fault EG-CREDENTIALS-MISSING, SIGN-PROTECTED-UNREADABLE */
export async function credentialsOf(host: Host, context: Context): Promise<EtaCredentials> {
  const row = await host.db.company(context.companyId, async (transaction) => {
    const company = await egyptCompany(transaction)
    const secrets: unknown = await transaction
      .knex('compliance_egypt_company')
      .where({ company_id: transaction.companyId })
      .first('client_secret', 'client_secret_2')
    return { company, secrets: readSecrets(secrets) }
  })
  const clientId = row.company?.clientId ?? null
  if (row.company === undefined || clientId === null || row.secrets.length === 0) throw new Fault('EG-CREDENTIALS-MISSING', { status: 409 })
  const opened = await Promise.all(row.secrets.map((secret) => host.signing.reveal(context, secret, purpose)))
  return { environment: row.company.environment, clientId, clientSecrets: opened.map((secret) => secret.toString('utf8')) }
}

function readSecrets(row: unknown): Buffer[] {
  if (typeof row !== 'object' || row === null) return []
  return Object.values(row).filter((value): value is Buffer => Buffer.isBuffer(value))
}

export interface NewCredentials {
  readonly environment: EtaEnvironment
  readonly clientId: string
  readonly clientSecret: string
  /** Empty keeps what is there. */
  readonly secondSecret?: string
}

/**
 * Stores credentials; secrets are protected before they reach the database. What was tested with older ones counts no longer.
 * @throws Fault EG-CREDENTIALS-FORM, EG-SANDBOX-ONLY, ACCESS-DENIED
 */
export async function storeCredentials(host: Host, context: CompanyContext, given: NewCredentials): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const company = await host.access.company(context.companyId)
  if (company.sandbox && given.environment !== 'sandbox') throw new Fault('EG-SANDBOX-ONLY', { path: 'environment' })
  if (!company.sandbox && given.environment === 'sandbox') throw new Fault('EG-SANDBOX-COMPANY', { path: 'environment' })
  // A secret that is not printable ASCII was copied wrongly; the authority would only answer invalid_client.
  const bad = (['clientId', 'clientSecret'] as const).find((name) => !/^[\x21-\x7e]{8,200}$/.test(given[name]))
  if (bad !== undefined) throw new Fault('EG-CREDENTIALS-FORM', { path: bad })
  const second = given.secondSecret ?? ''
  if (second !== '' && !/^[\x21-\x7e]{8,200}$/.test(second)) throw new Fault('EG-CREDENTIALS-FORM', { path: 'secondSecret' })
  const secret = await host.signing.protect(context, Buffer.from(given.clientSecret, 'utf8'), purpose)
  const spare = second === '' ? undefined : await host.signing.protect(context, Buffer.from(second, 'utf8'), purpose)
  await host.db.company(context.companyId, async (transaction) => {
    const changes = { environment: given.environment, client_id: given.clientId, client_secret: secret, credentials_checked_at: null }
    await updateCompany(transaction, { ...changes, ...(spare === undefined ? {} : { client_secret_2: spare }) }, host.now())
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.credentials',
      subject: { type: 'compliance-egypt.company', id: context.companyId, label: company.name },
      facts: { environment: given.environment, clientId: given.clientId, second: second !== '' },
    })
  })
}
