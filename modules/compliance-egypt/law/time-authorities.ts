import { isIP } from 'node:net'
import { z } from 'zod'
import type { Configuration } from '../../../config/schema.js'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { isPrivateAddress } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import { readCertificate, readCertificateFile, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { endRow } from './ended-rows.js'

/**
 * Why an archive of time does not count under Art. 8(a), which wants one that neither the originator nor anybody concerned controls:
 * a practice authority, an address of the house's own network, or the company's own word. Null: nothing speaks against it.
 */
export type Dependence = 'sandbox' | 'own-network' | 'concerned' | null

export interface TimeAuthority {
  /** Null for the one the host is configured with (`signing.timeStampUrl`). */
  readonly id: string | null
  readonly url: string
  readonly name: string
  readonly root: Certificate | null
  readonly dependence: Dependence
}

type Parts = Pick<Configuration, 'sandbox' | 'signing' | 'allowedPrivateOrigins'>

/** What speaks against the independence of the server at an address; an address that cannot be read is nobody's. */
export function dependenceOf(config: Parts, url: string, concerned: boolean): Dependence {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined) return 'concerned'
  const sandbox = config.sandbox.url === null ? undefined : new URL(config.sandbox.url)
  if (sandbox !== undefined && parsed.origin === sandbox.origin) return 'sandbox'
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const inside = host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && isPrivateAddress(host))
  if (inside || config.allowedPrivateOrigins.includes(parsed.origin)) return 'own-network'
  return concerned ? 'concerned' : null
}

/** Every archive of time that stamps for this company: the host's first, then its own. */
export async function timeAuthorities(config: Parts, transaction: CompanyTransaction): Promise<TimeAuthority[]> {
  const rows = await transaction
    .knex('compliance_egypt_time_authority')
    .where({ company_id: transaction.companyId })
    .whereNull('removed_at')
    .orderBy('created_at')
    .select<{ id: string; url: string; name: string; root: Buffer | null; concerned: boolean }[]>('id', 'url', 'name', 'root', 'concerned')
  const { timeStampUrl } = config.signing
  const own = rows.map((row): TimeAuthority => {
    const { id, url, name, root, concerned } = row
    return { id, url, name, root: root === null ? null : readCertificate(root), dependence: dependenceOf(config, url, concerned) }
  })
  if (timeStampUrl === null || own.some(({ url }) => url === timeStampUrl)) return own
  const name = URL.canParse(timeStampUrl) ? new URL(timeStampUrl).host : timeStampUrl
  return [{ id: null, url: timeStampUrl, name, root: null, dependence: dependenceOf(config, timeStampUrl, false) }, ...own]
}

const input = z.object({
  name: z.string().trim().min(1).max(200),
  url: z.url({ protocol: /^https?$/ }).max(500),
  concerned: z.boolean(),
})

/** A further archive of time. @throws Fault EG-TIME-AUTHORITY-FORM, EG-TIME-AUTHORITY-KNOWN, EG-LAW-CERTIFICATE */
export async function addTimeAuthority(
  host: Host,
  context: CompanyContext,
  given: { readonly name: unknown; readonly url: unknown; readonly concerned: boolean; readonly root?: Uint8Array },
): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const read = input.safeParse(given)
  if (!read.success) throw new Fault('EG-TIME-AUTHORITY-FORM', { path: String(read.error.issues[0]?.path[0] ?? '') })
  const { name, url, concerned } = read.data
  const root = given.root === undefined ? null : oneCertificate(given.root)
  await host.db.company(context.companyId, async (transaction) => {
    if ((await timeAuthorities(host.config, transaction)).some((one) => one.url === url))
      throw new Fault('EG-TIME-AUTHORITY-KNOWN', { status: 409, path: 'url', params: { url } })
    await transaction.knex('compliance_egypt_time_authority').insert({
      company_id: transaction.companyId,
      url,
      name,
      root: root?.der ?? null,
      concerned,
      created_at: host.now(),
      created_by: context.actor.name,
    })
    const subject = { type: 'compliance-egypt.company', id: context.companyId, label: name }
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.time-authority-added',
      subject,
      facts: { url, concerned, root: root?.sha256 ?? null },
    })
  })
}

const register = { table: 'compliance_egypt_time_authority', endedAt: 'removed_at', told: ['url', 'name'] } as const

/** Its tokens stay. @throws Fault EG-LAW-UNKNOWN */
export async function removeTimeAuthority(host: Host, context: CompanyContext, id: string): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  await host.db.company(context.companyId, async (transaction) => {
    const row = await endRow(transaction, register, id, host.now())
    await transaction.knex('compliance_egypt_time_request').where({ company_id: transaction.companyId, url: row.url }).delete()
    const subject = { type: 'compliance-egypt.company', id: context.companyId, label: row.name }
    host.audit.record(transaction, context, { action: 'compliance-egypt.time-authority-removed', subject, facts: { url: row.url } })
  })
}

/** Exactly one certificate in a file, PEM or DER. @throws Fault EG-LAW-CERTIFICATE */
export function oneCertificate(bytes: Uint8Array): Certificate {
  const refuse = (cause?: unknown): Fault =>
    new Fault('EG-LAW-CERTIFICATE', { path: 'certificate', ...(cause === undefined ? {} : { cause }) })
  let found: Certificate[]
  try {
    found = readCertificateFile(bytes)
  } catch (error) {
    throw refuse(error)
  }
  const [certificate, another] = found
  if (certificate === undefined || another !== undefined) throw refuse()
  return certificate
}
