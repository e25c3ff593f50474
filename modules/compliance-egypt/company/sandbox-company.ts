import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import { activitiesOf, branchesOf, egyptCompany, saveActivity, saveBranch, seedCompany, updateCompany } from './company-rows.js'
import { storeCredentials } from './credentials.js'
import { registrationNumberOf } from './readiness.js'
import { fittingKeys } from './signing-keys.js'
import { testConnection } from './test-connection.js'

/** Retail of stationery, in the authority's table of activities. */
const sandboxActivity = '4761'

/**
 * Brings a sandbox company to the point where it may issue: head office, activity, credentials of the stand-in on this machine, and a
 * software key with a certificate of its certificate authority that names the company. Repeatable; what is there stays.
 * @throws Fault EG-SANDBOX-COMPANY, EG-SANDBOX-CERTIFICATE, EG-REGISTRATION-MISSING, EG-CREDENTIALS-REFUSED, HTTP-…
 */
export async function prepareSandboxCompany(host: Host, context: CompanyContext, company: Company): Promise<void> {
  if (!company.sandbox) throw new Fault('EG-SANDBOX-COMPANY')
  const registration = registrationNumberOf(company)
  if (registration === undefined) throw new Fault('EG-REGISTRATION-MISSING', { path: 'identifiers' })
  const state = await host.db.company(company.id, async (transaction) => {
    await seedCompany(transaction, 'sandbox', host.now())
    if ((await branchesOf(transaction)).length === 0) await saveBranch(transaction, headOfficeOf(company))
    if ((await activitiesOf(transaction)).length === 0) await saveActivity(transaction, sandboxActivity)
    return { facts: await egyptCompany(transaction), keys: await host.signing.keys(transaction) }
  })
  if (fittingKeys(state.keys, registration, host.now(), context).length === 0) await sandboxKey(host, context, company, registration)
  if ((state.facts?.clientId ?? null) === null) {
    const given = await registerAtSandbox(host, registration, company.nameAr ?? company.name)
    await storeCredentials(host, context, { environment: 'sandbox', ...given })
  }
  if ((state.facts?.credentialsCheckedAt ?? null) === null) await testConnection(host, context)
  await host.db.company(company.id, (transaction) => updateCompany(transaction, { portal_confirmed_at: host.now() }, host.now()))
}

/** The company's own address as branch 0. */
export function headOfficeOf(company: Company): Parameters<typeof saveBranch>[1] {
  const { address } = company
  return {
    code: '0',
    name: company.nameAr ?? company.name,
    country: 'EG',
    governate: address.region ?? address.city ?? '',
    regionCity: address.district ?? address.city ?? '',
    street: address.street ?? '',
    buildingNumber: address.building ?? '',
    postalCode: address.postalCode ?? null,
    floor: null,
    room: null,
    landmark: null,
    additionalInformation: null,
  }
}

function sandboxUrl(host: Host): string {
  const { url } = host.config.sandbox
  if (url === null) throw new Fault('EG-SANDBOX-MISSING', { status: 503 })
  return new URL(url).origin
}

async function postToSandbox(host: Host, path: string, body: object): Promise<unknown> {
  const answer = await fetchGuarded(`${sandboxUrl(host)}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    allowPrivate: host.config.allowedPrivateOrigins,
  })
  return answer.status === 201 ? JSON.parse(answer.body.toString('utf8')) : undefined
}

/** What a taxpayer gets from the portal when he registers his system. */
async function registerAtSandbox(
  host: Host,
  registration: string,
  name: string,
): Promise<{ clientId: string; clientSecret: string; secondSecret: string }> {
  const reply = await postToSandbox(host, '/control/eta/taxpayers', { rin: registration, name })
  const text = (name: string): string => {
    const value: unknown = typeof reply === 'object' && reply !== null ? Reflect.get(reply, name) : undefined
    if (typeof value !== 'string') throw new Fault('EG-SANDBOX-MISSING', { status: 502 })
    return value
  }
  return { clientId: text('clientId'), clientSecret: text('secret1'), secondSecret: text('secret2') }
}

/** A software key: good enough for trying, and marked as such wherever it signs. */
async function sandboxKey(host: Host, context: CompanyContext, company: Company, registration: string): Promise<void> {
  const { key, csrPem } = await host.db.company(company.id, async (transaction) => {
    const made = await host.signing.generateKey(transaction, context, {
      name: `${company.name} e-invoices`,
      algorithm: 'rsa-2048',
      purposes: ['stamp-e-invoice'],
    })
    const name = [
      { type: 'C', value: 'EG' },
      { type: 'O', value: company.nameAr ?? company.name },
      { type: 'ORGANIZATIONIDENTIFIER', value: `VATEG-${registration}` },
      { type: 'CN', value: company.nameAr ?? company.name },
    ]
    return { key: made, csrPem: await host.signing.certificateRequest(transaction, context, made.id, { name, extensions: [] }) }
  })
  const reply = await postToSandbox(host, '/control/certificates', { csrPem, profile: 'egypt-invoice' })
  if (typeof reply !== 'object' || reply === null || !('chain' in reply) || !Array.isArray(reply.chain)) {
    throw new Fault('EG-SANDBOX-CERTIFICATE', { status: 502 })
  }
  const chain = reply.chain.map((der) => Buffer.from(String(der), 'base64'))
  await host.db.company(company.id, (transaction) => host.signing.installCertificates(transaction, context, key.id, chain))
}
