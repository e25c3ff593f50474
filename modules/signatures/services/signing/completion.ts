import type { CompanyContext } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import { makeCompletionFiles } from '../../evidence/completion-files.js'
import { makeEvidencePack } from '../../evidence/evidence-pack.js'
import type { SignerAttachment } from '../../models/capture.js'
import type { RequestEvent } from '../../models/event.js'
import type { SignRequest } from '../../models/request.js'
import { readAttachment } from '../../signing-page/read-captures.js'

export interface CompletionFiles {
  /** Certificate of completion and event log: sealed PDFs. */
  readonly certificate: Buffer
  readonly eventLog: Buffer
  /** ASiC-E container with everything. */
  readonly evidence: Buffer
}

/**
 * The files that stand beside a finished document.
 * @param given request with its finished document; all events up to it
 */
export async function completionFiles(
  host: Host,
  context: CompanyContext,
  given: { readonly request: SignRequest; readonly sealed: Buffer; readonly events: readonly RequestEvent[] },
): Promise<CompletionFiles> {
  const { request, events } = given
  const files = await makeCompletionFiles(host, context, request, events)
  const attachments = await attachmentsOf(host, context, request)
  return { ...files, evidence: await makeEvidencePack(host, context, { ...given, ...files, attachments }) }
}

function attachmentsOf(host: Host, context: CompanyContext, request: SignRequest): Promise<SignerAttachment[]> {
  const ids = request.signers.flatMap(({ values }) =>
    Object.values(values).flatMap((value) => (typeof value === 'object' && 'attachment' in value ? [value.attachment] : [])),
  )
  return host.db.company(context.companyId, async (transaction) => {
    const found: SignerAttachment[] = []
    for (const id of ids) found.push(await readAttachment(transaction, id))
    return found
  })
}
