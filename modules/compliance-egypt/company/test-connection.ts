import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { testCredentials } from '../authority/eta-client.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { updateCompany } from './company-rows.js'

/**
 * Asks the authority for an access token with what is stored; the moment of success is kept.
 * @throws Fault EG-CREDENTIALS-MISSING, EG-CREDENTIALS-REFUSED, EG-SANDBOX-MISSING, EG-ETA-AWAY, HTTP-…
 */
export async function testConnection(host: Host, context: CompanyContext): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  try {
    await testCredentials(host, context, await host.access.company(context.companyId))
  } catch (error) {
    if (error instanceof SubmissionUncertain)
      throw new Fault('EG-ETA-AWAY', { status: 503, params: { reason: error.reason }, cause: error })
    throw error
  }
  await host.db.company(context.companyId, (transaction) => updateCompany(transaction, { credentials_checked_at: host.now() }, host.now()))
}
