import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { sideBySide } from '../../../core/jobs/side-by-side.js'
import { egyptProfile } from '../../../core/signing/formats/cades/profiles/egypt.js'
import { signCades } from '../../../core/signing/formats/cades/sign-cades.js'
import type { KeyProviderKind } from '../../../core/signing/key.js'
import type { KeyUse, Signer } from '../../../core/signing/signing-service.js'
import type { NotSigned, PreparedDocument, SignedLegalDocument } from '../../compliance/index.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { canonicalHash, canonicalText, canonicalTextOf } from '../canonical/canonical-text.js'
import { insertSignatures } from '../canonical/insert-signatures.js'
import { parseLiteral, textAt, type LiteralValue } from '../canonical/literal-value.js'
import { acceptedAuthorities } from '../law/accepted-authorities.js'
import { legalBasis } from '../law/basis.js'
import { keepCertificates } from '../law/kept-certificates.js'
import { askForStatus } from '../law/kept-revocation.js'
import { mandatesAt, type MandateFacts } from '../law/mandates.js'
import { askForTime } from '../law/time-stamps.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { etaMediaType } from '../desk/eta-document.js'
import { chooseKey, type ChosenKey } from './choose-key.js'
import { driverOf, softwareHere } from './software-facts.js'
import { signatureRows, writeSignatureRows, type KeyEvidence, type SignatureRow } from './signature-rows.js'

type EtaDocument = PreparedDocument & { readonly invoice: InvoiceDocument }

interface Work {
  readonly document: EtaDocument
  readonly rin: string
  /** In Egyptian pounds, as the document has it. */
  readonly total: string | undefined
  /** The document as it was read, without signatures. */
  readonly read: LiteralValue
  readonly text: Buffer
  readonly textSha256: string
}

interface Outcome {
  readonly legal: SignedLegalDocument | null
  readonly fault: FaultDetail | null
}

/** A person, or another service that batches, is asked for everything at once; a token of ours has a few sessions. */
const asksAtOnce: Readonly<Record<KeyProviderKind, number>> = { agent: 1000, csc: 250, pkcs11: 24, software: 8 }

/**
 * Signs ETA documents in the form of ITIDA (CAdES-BES over the canonical text), each taxpayer's with one opening of his key. The signing
 * time of a document is kept from the first asking until the key has answered. Documents are independent of each other: what is
 * signed comes back signed, what a desk has not answered comes back null, what it refused says so. Nobody waits here for a person:
 * a desk is asked, and what it has answered by then is taken.
 * @returns in the order of the documents; null: the signer is away, ask again
 * @throws Fault EG-SIGN-NO-KEY, EG-SIGN-KEY-STOPPED, EG-CANONICAL-… and those of opening a key, for all documents
 */
export async function signEtaDocuments(
  host: Host,
  context: CompanyContext,
  documents: readonly EtaDocument[],
): Promise<(SignedLegalDocument | NotSigned | null)[]> {
  const works = documents.map(workOf)
  const outcomes = new Map<string, Outcome>()
  for (const rin of new Set(works.map((work) => work.rin))) {
    const own = works.filter((work) => work.rin === rin)
    for (const [id, outcome] of await signForTaxpayer(host, context, rin, own)) outcomes.set(id, outcome)
  }
  return documents.map(({ invoiceId }) => {
    const { legal, fault } = outcomes.get(invoiceId) ?? { legal: null, fault: null }
    return fault === null ? legal : { fault, held: fault.code === 'SIGN-AGENT-REFUSED' }
  })
}

function workOf(document: EtaDocument): Work {
  const read = parseLiteral(document.payload)
  const text = canonicalTextOf(read)
  const [rin, total] = [textAt(read, 'issuer', 'id') ?? '', textAt(read, 'totalAmount')]
  return { document, rin, total, read, text, textSha256: canonicalHash(text) }
}

async function signForTaxpayer(host: Host, context: CompanyContext, rin: string, works: readonly Work[]): Promise<Map<string, Outcome>> {
  const now = wholeSeconds(host.now())
  const prepared = await host.db.company(context.companyId, async (transaction) => {
    const [keys, kept, settings] = await Promise.all([
      host.signing.keys(transaction),
      signatureRows(
        transaction,
        works.map(({ document }) => document.invoiceId),
      ),
      transaction
        .knex('compliance_egypt_company')
        .where({ company_id: transaction.companyId })
        .first<{ key_id: string | null } | undefined>('key_id'),
    ])
    const begun = [...kept.values()].find((row) => row.state === 'asked')?.keyId
    const named = settings?.key_id ?? undefined
    // Of this very moment: one that ended in this second signs no more.
    const mandates = await mandatesAt(transaction, host.now())
    const chosen = chooseKey(keys, {
      rin,
      now,
      context,
      mandates,
      ...(named === undefined ? {} : { named }),
      ...(begun === undefined ? {} : { begun }),
    })
    const evidence = evidenceOf(chosen, context, mandates.standing.get(chosen.key.id) ?? null)
    const rows = works.map((work): SignatureRow => {
      const before = kept.get(work.document.invoiceId)
      const same =
        before !== undefined &&
        // Answered with no, or in vain: another try is another request, with the time of then.
        before.problem === null &&
        before.keyId === chosen.key.id &&
        before.certificateSha256 === chosen.certificate.sha256 &&
        before.textSha256 === work.textSha256
      return {
        invoiceId: work.document.invoiceId,
        state: 'asked',
        keyId: chosen.key.id,
        certificateSha256: chosen.certificate.sha256,
        signedAt: same ? before.signedAt : now,
        textSha256: work.textSha256,
        evidence,
        basis: null,
        problem: null,
      }
    })
    // Before anybody is asked: an answer that comes after this process ended must find what it answers.
    await writeSignatureRows(transaction, rows, now)
    const authorities = await acceptedAuthorities(host.config, transaction, now)
    const certificates = chosen.key.certificates.map((der) => readCertificate(der))
    const basis = legalBasis({ certificates, authorities, control: evidence.soleControl, at: now })
    await keepCertificates(transaction, basis.rests, [...certificates, ...authorities.map(({ certificate }) => certificate)])
    return { chosen, rows, evidence, basis }
  })
  const { chosen, basis } = prepared
  const software = { ...softwareHere(), driver: await driverOf(host, chosen.key) }
  // All share one: it is written out once.
  const evidence = { ...prepared.evidence, software }
  const rows = prepared.rows.map((row): SignatureRow => ({ ...row, evidence }))
  const opened = await host.signing.open(context, chosen.key.id, works.map(useOf), { waits: false })
  const outcomes = new Map<string, Outcome>()
  const changed: SignatureRow[] = []
  await sideBySide(works, asksAtOnce[chosen.key.provider], async (work, index) => {
    const row = rows[index]
    if (row === undefined) return
    const outcome = await signOne(work, row, opened.forUse?.(index) ?? opened)
    outcomes.set(work.document.invoiceId, outcome)
    if (outcome.legal !== null) changed.push({ ...row, state: 'signed', basis })
    else if (outcome.fault !== null) {
      changed.push({ ...row, problem: outcome.fault })
    }
  })
  await host.db.company(context.companyId, async (transaction) => {
    await writeSignatureRows(transaction, changed, host.now())
    const signed = changed.filter(({ state }) => state === 'signed').map(({ invoiceId }) => invoiceId)
    await askForTime(host, transaction, signed)
    if (signed.length > 0) await askForStatus(host, transaction, basis.rests.path)
  })
  return outcomes
}

async function signOne(work: Work, row: SignatureRow, signer: Signer): Promise<Outcome> {
  try {
    const { cms } = await signCades(work.text, { signer, signedAt: row.signedAt, detached: true, profile: egyptProfile })
    const bytes = insertSignatures(work.document.payload, [{ type: 'I', value: cms }], work.read)
    // As its reader will find it: the text of the finished bytes is the one that was signed.
    if (!canonicalText(bytes).equals(work.text)) throw new Fault('EG-SIGN-CHECK-FAILED', { status: 500 })
    return { legal: { bytes, mediaType: 'application/json', extension: 'json', qr: null }, fault: null }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code === 'SIGN-AGENT-WAITING') return { legal: null, fault: null }
    return { legal: null, fault: { code: error.code, params: error.params } }
  }
}

/** What the policy judges and a desk shows before the PIN: issuer, number, total, and the hash that is signed. */
function useOf({ document: { invoice, payload }, rin, total, textSha256 }: Work): KeyUse {
  return {
    purpose: 'stamp-e-invoice',
    subject: { type: 'invoicing.invoice', id: invoice.id, label: `${invoice.number} · ${rin}` },
    amount: total === undefined ? { value: invoice.totals.taxInclusive, currency: invoice.currency } : { value: total, currency: 'EGP' },
    documentHash: textSha256,
    document: { mediaType: etaMediaType, bytes: payload },
  }
}

function evidenceOf({ key, certificate, why, others }: ChosenKey, { actor }: CompanyContext, mandate: MandateFacts | null): KeyEvidence {
  return {
    provider: key.provider,
    algorithm: key.algorithm,
    attributes: key.attributes,
    certificate: {
      sha256: certificate.sha256,
      subject: certificate.subject,
      issuer: certificate.issuer,
      notAfter: certificate.notAfter.toISOString(),
    },
    chosen: { why, others },
    askedBy: { kind: actor.kind, id: actor.id, name: actor.name },
    // Art. 10: possession of the device and its secret code. A host that keeps the PIN or the key is another matter, and says so.
    soleControl: key.provider === 'agent' ? 'device-and-code' : key.provider === 'pkcs11' ? 'device-of-the-company' : 'outside',
    mandate,
    unattended: actor.kind !== 'user' && key.provider !== 'agent',
  }
}

/** UTCTime has no fractions: what is kept is what is signed. */
function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}
