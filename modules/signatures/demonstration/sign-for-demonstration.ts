import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { FieldValues } from '../models/field.js'
import type { RequestSigner, SignRequest } from '../models/request.js'
import { recordEvent } from '../services/events.js'
import { readRequest } from '../services/request-rows.js'
import { askedStates } from '../services/requests/states.js'
import { sealRequest } from '../services/signing/seal-request.js'
import { submitSigner } from '../services/signing/submit.js'
import { consentOf, giveConsent } from '../signing-page/consent-page.js'
import { readConsents } from '../signing-page/consents.js'
import { ownFields, submittedValues } from '../signing-page/document-page.js'
import { markDocumentSeen, markVerified, markViewed } from '../signing-page/marks.js'
import { signerContext, type OpenLink } from '../signing-page/open-link.js'
import { readProgress } from '../signing-page/progress.js'
import { saveCapture } from '../signing-page/save-capture.js'

/** How the event log and the certificate of completion name the proof: nobody proved anything. */
export const demonstrationMethod = 'demonstration'

/**
 * Signs a request of a sandbox company for everybody who is asked, in their order, by the steps of the signing page (seen, consent,
 * a typed name, submission), and seals it. Proofs of identity are recorded as what they are: a demonstration.
 * @throws Fault SIGNATURES-DEMONSTRATION (409) for a company that is not of the sandbox; faults of signing and sealing
 */
export async function signForDemonstration(host: Host, context: CompanyContext, requestId: string): Promise<SignRequest> {
  const company = await host.access.company(context.companyId)
  if (!company.sandbox) throw new Fault('SIGNATURES-DEMONSTRATION', { status: 409, params: { company: company.name } })
  const read = (): Promise<SignRequest> => host.db.company(company.id, (transaction) => readRequest(transaction, requestId))
  for (;;) {
    const request = await read()
    const signer = request.signers.find((one) => one.action === 'sign' && [...askedStates, 'submitted'].includes(one.state))
    if (request.state !== 'sent' || signer === undefined) break
    await signAs(host, await linkOf(host, company, request, signer))
  }
  const now = await read()
  const sealed = now.state === 'sealed' ? now : await sealRequest(host, context, requestId)
  if (sealed.state !== 'sealed') {
    const { fault, number, state } = sealed
    throw new Fault(fault?.code ?? 'SIGNATURES-REQUEST-STATE', { status: 409, params: fault?.params ?? { number, state, to: 'sealed' } })
  }
  return sealed
}

async function linkOf(host: Host, company: Company, request: SignRequest, signer: RequestSigner): Promise<OpenLink> {
  return {
    token: '',
    company,
    request,
    signer,
    standing: 'asked',
    context: signerContext(company.id, signer, signer.locale),
    origin: { userAgent: demonstrationMethod, timeZone: company.timeZone, locale: signer.locale },
    session: undefined,
    progress: await host.db.company(company.id, (transaction) => readProgress(transaction, signer)),
    user: undefined,
  }
}

async function signAs(host: Host, link: OpenLink): Promise<void> {
  const { context, request, signer } = link
  if (signer.state !== 'verified' && signer.state !== 'submitted')
    await host.db.company(context.companyId, async (transaction) => {
      await markViewed(host, transaction, link)
      await recordEvent(host, transaction, context, {
        requestId: request.id,
        type: 'identity_proven',
        signerId: signer.id,
        origin: link.origin,
        facts: { method: demonstrationMethod },
      })
      await markVerified(host, transaction, link)
    })
  const rows = readConsents()
  const shown = await consentOf(host, rows, link)
  if (link.progress.consent === null)
    await giveConsent(host, rows, link, { agreed: true, sha256: shown.sha256, word: link.progress.accessWord ?? '' })
  await markDocumentSeen(host, link)
  const { consent } = await host.db.company(context.companyId, (transaction) => readProgress(transaction, signer))
  if (consent === null) throw new Fault('SIGNATURES-CONSENT-UNTICKED')
  await submitSigner(host, context, {
    requestId: request.id,
    signerId: signer.id,
    version: signer.version,
    values: { ...submittedValues(host, link), ...(await typedNames(host, link)) },
    origin: link.origin,
    consent,
  })
}

/** The signer's name, typed, at every place for a signature or initials of his. */
async function typedNames(host: Host, link: OpenLink): Promise<FieldValues> {
  const values: Record<string, FieldValues[string]> = {}
  for (const { id, type } of ownFields(link)) {
    if (type !== 'signature' && type !== 'initials') continue
    values[id] = { capture: await saveCapture(host, link, { purpose: type, kind: 'typed', text: link.signer.name, font: 'hand' }) }
  }
  return values
}
