import type { CompanyContext } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import type { RequestRow, SignerRow } from '../request-rows.js'
import { mayPass } from './fault-kinds.js'
import { addSigningJob } from './submit.js'

/** A submission or a finished round that old without a result has lost its job, or its cause was mended meanwhile. */
const oldMilliseconds = 5 * 60_000

/**
 * Job `signatures.sweep`: what stands submitted but unsigned, or signed by all but unsealed, gets its job again. A fault that a person
 * must mend is left alone; the button does it.
 */
export async function sweep(host: Host, context: CompanyContext): Promise<void> {
  const before = new Date(host.now().getTime() - oldMilliseconds)
  await host.db.company(context.companyId, async (transaction) => {
    const { knex, companyId } = transaction
    const submitted = await knex<SignerRow>('signatures_signer as signer')
      .join('signatures_request as request', (on) =>
        on.on('request.company_id', 'signer.company_id').andOn('request.id', 'signer.request_id'),
      )
      .where({ 'signer.company_id': companyId, 'signer.state': 'submitted', 'request.state': 'sent' })
      .where('signer.submitted_at', '<', before)
      .select<Pick<SignerRow, 'id' | 'request_id' | 'fault'>[]>('signer.id', 'signer.request_id', 'signer.fault')
    for (const { id, request_id: requestId, fault } of submitted)
      if (fault === null || mayPass(fault.code)) await addSigningJob(host, transaction, requestId, id, host.now())
    const unsealed = await knex<RequestRow>('signatures_request')
      .where({ company_id: companyId })
      .whereIn('state', ['signed', 'sealing_failed'])
      .where('updated_at', '<', before)
      .select<Pick<RequestRow, 'id' | 'fault'>[]>('id', 'fault')
    for (const { id: requestId, fault } of unsealed)
      if (fault === null || mayPass(fault.code))
        await host.jobs.add(transaction, 'signatures.seal', { requestId }, { key: `signatures.seal:${requestId}` })
  })
}
