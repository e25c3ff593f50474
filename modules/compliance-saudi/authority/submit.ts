import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type AuthorityAnswer, type SubmissionRequest } from '../../compliance/index.js'
import { unwrapSecret } from '../unit/credentials.js'
import { activeUnit, type UnitRow } from '../unit/unit-rows.js'
import { baseUrl, callFatoora, type Csid } from './fatoora-client.js'
import { readAnswer } from './read-answer.js'

interface Access {
  readonly unit: UnitRow
  readonly csid: Csid
}

/** Opened credentials, for some seconds: a batch of submissions reads them once. */
const opened = new Map<string, { readonly access: Promise<Access>; readonly until: number }>()
const keepMs = 5_000

/** Credentials changed (onboarding, renewal). */
export function forgetAccess(companyId: string): void {
  opened.delete(companyId)
}

function accessOf(host: Host, companyId: string): Promise<Access> {
  const known = opened.get(companyId)
  if (known !== undefined && known.until > performance.now()) return known.access
  const access = openAccess(host, companyId)
  opened.set(companyId, { access, until: performance.now() + keepMs })
  access.catch(() => opened.delete(companyId))
  return access
}

async function openAccess(host: Host, companyId: string): Promise<Access> {
  const unit = await host.db.company(companyId, (transaction) => activeUnit(transaction))
  if (unit?.productionToken === null || unit?.productionToken === undefined || unit.productionSecret === null)
    throw new Fault('SA-UNIT-MISSING')
  return { unit, csid: { token: unit.productionToken, secret: unwrapSecret(host.config, companyId, unit.id, unit.productionSecret) } }
}

/** Clears a standard document, reports a simplified one. The bytes are those that were stamped, at every try. */
export async function submitToFatoora(host: Host, context: CompanyContext, request: SubmissionRequest): Promise<AuthorityAnswer> {
  const { unit, csid } = await accessOf(host, context.companyId)
  const base = baseUrl(host.config, request.company, unit.environment)
  const body = { invoiceHash: request.hash, uuid: request.uuid, invoice: request.bytes.toString('base64') }
  const send = async (clearance: boolean): Promise<AuthorityAnswer | 'redirected'> => {
    try {
      const answer = await callFatoora(host.config, {
        base,
        path: clearance ? 'invoices/clearance/single' : 'invoices/reporting/single',
        body,
        csid,
        clearanceStatus: clearance ? '1' : '0',
        locale: context.locale,
      })
      return readAnswer(answer, { uuid: request.uuid, hash: request.hash, clearance }, host.now())
    } catch (error) {
      // An address that may not be reached is our set-up; all else on the way is uncertain.
      if (error instanceof Fault && error.code.startsWith('HTTP-') && error.code !== 'HTTP-ADDRESS-REFUSED') {
        throw new SubmissionUncertain(`${error.code} ${Object.values(error.params).join(' ')}`)
      }
      throw error
    }
  }
  const first = await send(request.kind === 'standard')
  // 303: clearance is switched off, standard documents are reported instead.
  const answer = first === 'redirected' ? await send(false) : first
  if (answer === 'redirected') throw new SubmissionUncertain('the authority redirects both ways')
  return answer
}
