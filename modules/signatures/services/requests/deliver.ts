import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { SignRequest } from '../../models/request.js'
import { recordEvent } from '../events.js'
import { readRequest } from '../request-rows.js'
import { recordOnSource } from './create-request.js'
import { fileNameOf } from './file-name.js'
import { requestHappened } from './happened.js'
import { newLink } from './links.js'
import { mailSender, mailSigner } from './mails.js'
import { moveSigner } from './states.js'

/** Larger documents are fetched by the link alone: many mail servers take no more. */
const largestAttachment = 10 * 1024 * 1024

/**
 * Hands the finished document to everybody, in the transaction that marks the request `sealed`: each person gets a mail with a link and
 * the signed PDF with its certificate of completion (15 U.S.C. §7001(e): a record counts only if all who are entitled can keep it); the
 * record it was started from hears of it, and so do other modules. Called twice it does nothing the second time.
 */
export async function deliverCompleted(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  given: Pick<SignRequest, 'id'>,
): Promise<void> {
  const request = await readRequest(transaction, given.id, { lock: true })
  if (request.sealedSha256 === null || (await isDelivered(transaction, request.id))) return
  const attachments = await attachmentsOf(host, transaction, request)
  for (const signer of request.signers) {
    if (signer.action === 'copy' && signer.state === 'waiting')
      await moveSigner(transaction, signer, 'copied', { completed_at: host.now() })
    // Who signed in person is sent his copy all the same; a request that mails nobody leaves that to its caller, and to the signers' links.
    if (signer.email === null || !request.sendEmail) continue
    const token = await newLink(host, transaction, signer)
    await mailSigner(host, transaction, context, request, signer, signer.action === 'copy' ? 'copy' : 'completed', { token, attachments })
  }
  await mailSender(host, transaction, context, request, 'completed', { attachments })
  await recordEvent(host, transaction, context, {
    requestId: request.id,
    type: 'delivered',
    facts: {
      to: request.signers.flatMap((signer) => (signer.email === null || !request.sendEmail ? [] : [signer.email])),
      sha256: request.sealedSha256,
      attached: attachments.length > 0,
    },
  })
  recordOnSource(host, transaction, context, request, 'signatures.completed-for', {
    sha256: request.sealedSha256,
    file: `/app/signatures/request/${request.id}/file/signed`,
  })
  await requestHappened(host, transaction, context, request, 'sign_request.completed')
  await host.hooks.notify(
    'request.completed',
    { requestId: request.id, number: request.number, state: request.state, source: request.source, externalId: request.externalId },
    { context, transaction },
  )
}

async function isDelivered(transaction: CompanyTransaction, requestId: string): Promise<boolean> {
  const event: unknown = await transaction
    .knex('signatures_event')
    .where({ company_id: transaction.companyId, request_id: requestId, type: 'delivered' })
    .first('sequence')
  return event !== undefined
}

async function attachmentsOf(
  host: Host,
  transaction: CompanyTransaction,
  request: SignRequest,
): Promise<{ name: string; sha256: string }[]> {
  if (request.sealedSha256 === null) return []
  const signed = await host.files.get(transaction, request.sealedSha256)
  if (signed.bytes.length >= largestAttachment) return []
  const name = fileNameOf(request)
  return [
    { name: `${name}.pdf`, sha256: request.sealedSha256 },
    ...(request.certificateSha256 === null ? [] : [{ name: `${name}-certificate.pdf`, sha256: request.certificateSha256 }]),
  ]
}
