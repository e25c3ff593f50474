import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { workflowTimes } from '../authority/document-types.js'
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
    const company = await host.access.company(context.companyId)
    await testCredentials(host, context, company)
    // How long documents may be cancelled and rejected: pages tell it, and they never wait for the authority.
    await workflowTimes(host, context, company, 'i')
  } catch (error) {
    if (error instanceof SubmissionUncertain)
      throw new Fault('EG-ETA-AWAY', { status: 503, params: { reason: error.reason }, cause: error })
    throw error
  }
  await host.db.company(context.companyId, (transaction) => updateCompany(transaction, { credentials_checked_at: host.now() }, host.now()))
}
