import type { Configuration } from '../../../config/schema.js'
import type { Company } from '../../../core/access/context.js'
import { fetchGuarded, type GuardedAnswer } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { ZatcaEnvironment } from '../unit/unit-rows.js'

const gateway = 'https://gw-fatoora.zatca.gov.sa/e-invoicing'
const paths: Readonly<Record<ZatcaEnvironment, string>> = { sandbox: 'developer-portal', simulation: 'simulation', production: 'core' }

/** The authority takes seconds under load; beyond this nobody knows, and the same bytes go again. */
const timeoutMs = 30_000
const maxAnswerBytes = 8 * 1024 * 1024

export interface Csid {
  readonly token: string
  readonly secret: string
}

/** Where the calls of a company go: a sandbox company never leaves this machine. @throws Fault SA-SANDBOX-MISSING */
export function baseUrl(config: Pick<Configuration, 'sandbox'>, company: Pick<Company, 'sandbox'>, environment: ZatcaEnvironment): string {
  if (!company.sandbox) return `${gateway}/${paths[environment]}`
  if (config.sandbox.url === null) throw new Fault('SA-SANDBOX-MISSING', { status: 503 })
  return `${new URL(config.sandbox.url).origin}/fatoora/e-invoicing/${paths[environment]}`
}

export interface FatooraCall {
  readonly base: string
  readonly path: string
  readonly body: object
  readonly csid?: Csid
  readonly otp?: string
  readonly clearanceStatus?: '0' | '1'
  readonly locale?: Locale
}

/** One call to the authority; statuses are judged by the caller. @throws Fault HTTP-… */
export function callFatoora(config: Pick<Configuration, 'allowedPrivateOrigins'>, call: FatooraCall): Promise<GuardedAnswer> {
  const headers: Record<string, string> = {
    'accept-version': 'V2',
    'accept-language': call.locale === 'ar' ? 'ar' : 'en',
    'content-type': 'application/json',
    accept: 'application/json',
  }
  if (call.csid !== undefined) headers.authorization = `Basic ${Buffer.from(`${call.csid.token}:${call.csid.secret}`).toString('base64')}`
  if (call.otp !== undefined) headers.otp = call.otp
  if (call.clearanceStatus !== undefined) headers['clearance-status'] = call.clearanceStatus
  return fetchGuarded(`${call.base}/${call.path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(call.body),
    timeoutMs,
    maxBytes: maxAnswerBytes,
    allowPrivate: config.allowedPrivateOrigins,
  })
}
