import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { openTrust } from '../../../core/validation/trust/open-trust.js'
import type { SignatureVerdict } from '../../../core/validation/verdict.js'
import type { Capture } from '../models/capture.js'
import type { ConsentFacts } from '../models/consent.js'
import type { RequestEvent } from '../models/event.js'
import type { RequestSigner, SignRequest } from '../models/request.js'
import { hostAuthorityRoot } from '../services/signing/host-authority.js'
import { readProgress } from '../signing-page/progress.js'
import { readCapture } from '../signing-page/read-captures.js'

/** The finished document: sealed, or signed by all where the company puts no seal. @throws Fault SIGNATURES-EVIDENCE-UNFINISHED (409) */
export async function finishedDocument(host: Host, companyId: string, request: SignRequest): Promise<{ pdf: Buffer; sha256: string }> {
  const sha256 = request.sealedSha256 ?? request.headSha256
  if (sha256 === null) throw new Fault('SIGNATURES-EVIDENCE-UNFINISHED', { status: 409, params: { number: request.number } })
  const { bytes } = await host.db.company(companyId, (transaction) => host.files.get(transaction, sha256))
  return { pdf: bytes, sha256 }
}

/** Whom this host trusts, DER. */
export function trustedHere(host: Host): Buffer[] {
  const { dataDir, validation, sandbox } = host.config
  const { anchors } = openTrust({ dataDir, trustFiles: validation.trustFiles, now: host.now() })
  return [...anchors, ...sandbox.trustAnchors.map((text) => Buffer.from(text, 'base64'))]
}

/** Signatures of a document, with the company's own authority trusted: who signed with what, and when. */
export async function signaturesOf(host: Host, companyId: string, pdf: Buffer): Promise<readonly SignatureVerdict[]> {
  const own = await hostAuthorityRoot(host, companyId)
  const trust = [...trustedHere(host), ...(own === undefined ? [] : [own])]
  const verdict = await host.verifiers.verify('document.pdf', pdf, { trust, at: host.now() })
  return verdict.signatures
}

/** Name of the company's own authority as certificates state it. */
export async function ownAuthorityName(host: Host, companyId: string): Promise<string | undefined> {
  const root = await hostAuthorityRoot(host, companyId)
  return root === undefined ? undefined : readCertificate(root).subject
}

/** The signature somebody gave: the one in the first signature field of the role. */
export async function signatureCapture(
  host: Host,
  transaction: CompanyTransaction,
  request: SignRequest,
  signer: RequestSigner,
): Promise<Capture | undefined> {
  for (const field of request.fields) {
    if (field.role !== signer.role || field.type !== 'signature') continue
    const value = signer.values[field.id]
    if (typeof value === 'object' && 'capture' in value) return readCapture(host, transaction, value.capture)
  }
  return undefined
}

/** What each signer consented to, by signer: as the page kept it, else as the log has it. */
export async function consentsOf(
  transaction: CompanyTransaction,
  request: SignRequest,
  events: readonly RequestEvent[],
): Promise<ReadonlyMap<string, ConsentFacts>> {
  const found = new Map<string, ConsentFacts>()
  for (const signer of request.signers) {
    const { consent } = await readProgress(transaction, signer)
    const logged = events.findLast((event) => event.type === 'consent_given' && event.signerId === signer.id)
    const facts = consent ?? (logged === undefined ? undefined : loggedConsent(logged))
    if (facts !== undefined) found.set(signer.id, facts)
  }
  return found
}

function loggedConsent({ facts, at }: RequestEvent): ConsentFacts | undefined {
  const { law, version, locale, sha256, text, accessProven } = facts
  if (typeof law !== 'string' || typeof version !== 'string' || typeof sha256 !== 'string') return undefined
  return {
    law,
    version,
    locale: locale === 'ar' || locale === 'bg' ? locale : 'en',
    sha256,
    text: typeof text === 'string' ? text : '',
    at: at.toISOString(),
    accessProven: accessProven === true,
  }
}

/** Every picture that signers gave, each once. */
export async function capturesOf(
  host: Host,
  context: Pick<CompanyContext, 'companyId'>,
  request: SignRequest,
): Promise<readonly { readonly signer: RequestSigner; readonly capture: Capture }[]> {
  return host.db.company(context.companyId, async (transaction) => {
    const found: { signer: RequestSigner; capture: Capture }[] = []
    for (const signer of request.signers) {
      for (const value of Object.values(signer.values)) {
        if (typeof value !== 'object' || !('capture' in value) || found.some((one) => one.capture.id === value.capture)) continue
        found.push({ signer, capture: await readCapture(host, transaction, value.capture) })
      }
    }
    return found
  })
}
