import type { Extension } from '@peculiar/asn1-x509'
import { serialOf, type CertificateAuthorities } from '../ca/authority.js'
import { Findings, Refusal, type Answer } from './answers.js'
import { checkChain } from './chain-check.js'
import type { ClearanceStamp } from './clearance.js'
import { checkDocument, type CheckedDocument } from './document-check.js'
import { readUnitRequest, type UnitRequest } from './request-of-certificate.js'
import { Units, type Csid, type Route, type Verdict } from './units.js'

const tokenType = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3'
const complianceDays = 365
const productionDays = 1826

/** One submitted document as it came over the wire. */
interface Submission {
  readonly bytes: Buffer
  readonly hash: string
  readonly uuid: string
}

/** What the sandbox's tax authority does with each call. Knows no HTTP beyond the status it answers with. */
export class FatooraAuthority {
  /** While true, clearance answers 303 and standard documents are reported. */
  clearanceOff = false

  constructor(
    private readonly authorities: CertificateAuthorities,
    private readonly units: Units,
    private readonly clearanceStamp: ClearanceStamp,
    private readonly now: () => Date,
  ) {}

  /** POST compliance. */
  issueCompliance(environment: string, otp: string | undefined, body: unknown): Answer {
    checkOtp(otp)
    const csr = textMember(body, 'csr') ?? ''
    const request = readUnitRequest(csr, environment)
    return { status: 200, body: this.grant('compliance', environment, request, csr, 'ISSUED') }
  }

  /** POST production/csids. */
  issueProduction(csid: Csid, body: unknown): Answer {
    if (csid.kind !== 'compliance') throw new Refusal(401, 'Unauthorized', 'a compliance CSID is needed')
    const asked = textMember(body, 'compliance_request_id')
    if (asked === undefined) throw new Refusal(400, 'Missing-ComplianceRequestId', 'compliance_request_id is required')
    if (asked !== csid.requestId)
      throw new Refusal(400, 'Invalid-ComplianceRequestId', 'compliance_request_id does not belong to this CSID')
    const missing = this.units.missingChecks(csid)
    if (missing.length > 0)
      throw new Refusal(400, 'Missing-ComplianceSteps', `Compliance steps for this CSID are not yet complete: ${missing.join(', ')}`)
    const request = readUnitRequest(csid.csr, csid.environment)
    return { status: 200, body: this.grant('production', csid.environment, request, csid.csr, 'ISSUED') }
  }

  /** PATCH production/csids: renewal. A new key or other document types need the compliance checks again (428). */
  renewProduction(csid: Csid, otp: string | undefined, body: unknown): Answer {
    if (csid.kind !== 'production') throw new Refusal(401, 'Unauthorized', 'a production CSID is needed')
    checkOtp(otp)
    const csr = textMember(body, 'csr') ?? ''
    const request = readUnitRequest(csr, csid.environment)
    if (unitName(request) !== csid.unit) throw new Refusal(400, 'Invalid-CSR', 'the csr names another unit or VAT number')
    const unchanged = request.spki.toString('base64') === csid.spki && request.invoiceTypes === csid.invoiceTypes
    if (unchanged) return { status: 200, body: this.grant('production', csid.environment, request, csr, 'ISSUED') }
    return { status: 428, body: this.grant('compliance', csid.environment, request, csr, 'NOT_COMPLIANT') }
  }

  /** POST compliance/invoices. */
  checkCompliance(csid: Csid, body: unknown): Answer {
    if (csid.kind !== 'compliance') throw new Refusal(401, 'Unauthorized', 'a compliance CSID is needed')
    const submission = readSubmission(body)
    const findings = new Findings()
    const checked = this.examine(csid, submission, findings)
    if (checked !== null && !findings.failed)
      this.units.pass(csid.requestId, `${checked.simplified ? 'simplified' : 'standard'}-${checked.type}`)
    this.remember(csid, 'compliance', submission, checked, findings, false)
    const accepted = !findings.failed
    const simplified = checked?.simplified === true
    return {
      status: statusOf(findings),
      body: {
        validationResults: findings.results(),
        reportingStatus: simplified ? (accepted ? 'REPORTED' : 'NOT_REPORTED') : null,
        clearanceStatus: simplified ? null : accepted ? 'CLEARED' : 'NOT_CLEARED',
        qrSellertStatus: null,
        qrBuyertStatus: null,
      },
    }
  }

  /** POST invoices/reporting/single. */
  report(csid: Csid, clearanceStatus: string | undefined, body: unknown): Answer {
    if (csid.kind !== 'production') throw new Refusal(401, 'Unauthorized', 'a production CSID is needed')
    if (clearanceStatus !== undefined && !['0', '1'].includes(clearanceStatus))
      throw new Refusal(400, 'Invalid-ClearanceStatus', 'Clearance-Status must be 0 or 1')
    const submission = readSubmission(body)
    const before = this.units.document(csid.unit, submission.uuid)
    if (before !== undefined && before.verdict !== 'rejected' && before.hash === submission.hash)
      return this.reportedEarlier(submission.hash)
    const findings = new Findings()
    const checked = this.examine(csid, submission, findings)
    if (checked !== null && !checked.simplified && !this.clearanceOff && !this.units.wasRedirected(csid.unit, checked.uuid))
      findings.error('invoice-type', 'INVOICE_TYPE', 'Standard documents must be cleared, not reported')
    const chained = this.chain(csid, checked, findings)
    this.remember(csid, 'reporting', submission, checked, findings, chained)
    return {
      status: statusOf(findings),
      body: { validationResults: findings.results(), reportingStatus: findings.failed ? 'NOT_REPORTED' : 'REPORTED' },
    }
  }

  /** POST invoices/clearance/single. @param off answers 303 once, as when clearance is switched off */
  clear(csid: Csid, clearanceStatus: string | undefined, body: unknown, off: boolean): Answer {
    if (csid.kind !== 'production') throw new Refusal(401, 'Unauthorized', 'a production CSID is needed')
    if (clearanceStatus !== '1') throw new Refusal(400, 'Invalid-ClearanceStatus', 'Clearance-Status: 1 is required')
    const submission = readSubmission(body)
    const before = this.units.document(csid.unit, submission.uuid)
    if (before?.route === 'clearance' && before.verdict !== 'rejected' && before.hash === submission.hash)
      return this.clearedEarlier(submission.hash)
    if (off || this.clearanceOff) {
      this.units.redirect(csid.unit, submission.uuid)
      return { status: 303, body: { message: 'Clearance is deactivated. Please use the /invoices/reporting/single endpoint instead.' } }
    }
    const findings = new Findings()
    const checked = this.examine(csid, submission, findings)
    if (checked?.simplified === true) findings.error('invoice-type', 'INVOICE_TYPE', 'Simplified documents are reported, not cleared')
    const chained = this.chain(csid, checked, findings)
    const cleared = checked !== null && !findings.failed ? this.clearanceStamp.clear(checked, this.now()) : undefined
    this.remember(csid, 'clearance', submission, checked, findings, chained, cleared)
    return {
      status: statusOf(findings),
      body: {
        validationResults: findings.results(),
        clearanceStatus: findings.failed ? 'NOT_CLEARED' : 'CLEARED',
        clearedInvoice: cleared === undefined ? null : cleared.toString('base64'),
      },
    }
  }

  reportedEarlier(hash: string): Answer {
    const findings = new Findings()
    findings.error('Invoice-Errors', 'Duplicate-Invoice', `The invoice with hash ${hash} was already reported successfully earlier.`)
    return { status: 409, body: { validationResults: findings.results(), reportingStatus: 'REPORTED_SUCCESSFULLY_EARLIER' } }
  }

  private clearedEarlier(hash: string): Answer {
    const findings = new Findings()
    findings.warning('Invoice-Errors', 'Duplicate-Invoice', `The invoice with hash ${hash} was already cleared successfully earlier.`)
    return {
      status: 208,
      body: {
        validationResults: findings.results(),
        clearanceStatus: 'CLEARED',
        clearedInvoice: this.units.cleared(hash).toString('base64'),
      },
    }
  }

  /** The document by itself, then against the request and the CSID it came with. */
  private examine(csid: Csid, submission: Submission, findings: Findings): CheckedDocument | null {
    const checked = checkDocument(submission.bytes, this.now(), findings)
    if (checked === null) return null
    if (checked.hash !== submission.hash)
      findings.error(
        'invalid-invoice-hash',
        'INVOICE_HASHING_ERRORS',
        'The invoice hash API body does not match the (calculated) Hash of the XML',
      )
    if (checked.uuid !== submission.uuid)
      findings.error('uuid', 'INVOICE_UUID', 'The UUID of the API body does not match the UUID of the XML')
    if (checked.seller !== csid.vatNumber)
      findings.error(
        'certificate-permissions',
        'CERTIFICATE_ERRORS',
        'User only allowed to use the vat number that exists in the authentication certificate',
      )
    if (csid.invoiceTypes[checked.simplified ? 1 : 0] !== '1')
      findings.error('certificate-permissions', 'CERTIFICATE_ERRORS', 'The certificate was not issued for this type of document')
    if (checked.stamp !== null && !this.owns(csid, checked.stamp.certificate))
      findings.error('certificate-permissions', 'CERTIFICATE_ERRORS', 'The certificate of the stamp is not the certificate of this CSID')
    return checked
  }

  /** After a renewal, documents stamped just before it may still arrive: any unrevoked production certificate of the unit will do. */
  private owns(csid: Csid, certificate: Buffer): boolean {
    const text = certificate.toString('base64')
    const owned = csid.kind === 'production' ? this.units.productionCsids(csid.unit) : [csid]
    return owned.some((one) => one.certificate === text && this.authorities.revocation(one.serial) === undefined)
  }

  private chain(csid: Csid, checked: CheckedDocument | null, findings: Findings): boolean {
    if (checked === null) return false
    const known = this.units.document(csid.unit, checked.uuid)
    if (known !== undefined && known.verdict !== 'rejected' && known.hash !== checked.hash)
      findings.error('KSA-1', 'INVOICE_UUID', 'The UUID was used by another accepted document of this unit')
    // A forged, foreign or damaged document never takes a place in the chain.
    const authentic = ![
      'invalid-invoice-hash',
      'invalid-digital-signature',
      'certificate-permissions',
      'X509Certificate',
      'uuid',
      'KSA-1',
    ].some((code) => findings.has(code))
    return checkChain(this.units, csid.unit, checked, findings) && authentic
  }

  private remember(
    csid: Csid,
    route: Route,
    submission: Submission,
    checked: CheckedDocument | null,
    findings: Findings,
    chained: boolean,
    cleared?: Buffer,
  ): void {
    const { errorMessages, warningMessages } = findings.results()
    const verdict: Verdict = findings.failed ? 'rejected' : warningMessages.length > 0 ? 'accepted_with_warnings' : 'accepted'
    this.units.seen(
      {
        kind: 'document',
        unit: csid.unit,
        route,
        uuid: checked?.uuid ?? submission.uuid,
        number: checked?.number ?? '',
        hash: checked?.hash ?? submission.hash,
        counter: checked?.counter ?? '',
        previousHash: checked?.previousHash ?? '',
        verdict,
        codes: [...new Set([...errorMessages, ...warningMessages].map((message) => message.code))],
        chained,
        at: this.now().toISOString(),
      },
      cleared,
    )
  }

  private grant(kind: Csid['kind'], environment: string, request: UnitRequest, csr: string, dispositionMessage: string): object {
    const further: Extension[] = [request.alternativeName]
    const days = kind === 'compliance' ? complianceDays : productionDays
    const [leaf = Buffer.alloc(0)] = this.authorities.issue({
      authority: 'saudi',
      profile: 'e-invoice',
      subject: request.subject,
      spki: request.spki,
      days,
      further,
    })
    const { csid, secret } = this.units.addCsid({
      kind,
      environment,
      unit: unitName(request),
      vatNumber: request.vatNumber,
      invoiceTypes: request.invoiceTypes,
      certificate: leaf.toString('base64'),
      serial: serialOf(leaf),
      spki: request.spki.toString('base64'),
      csr,
    })
    return { requestID: Number(csid.requestId), tokenType, dispositionMessage, binarySecurityToken: Units.token(csid), secret }
  }
}

function unitName(request: UnitRequest): string {
  return `${request.vatNumber}/${request.serialNumber}`
}

function checkOtp(otp: string | undefined): void {
  if (otp === undefined || otp === '') throw new Refusal(400, 'Missing-OTP', 'OTP is required')
  // Six zeros stand for a code that has lapsed, so that the refusal can be tried.
  if (!/^\d{6}$/.test(otp) || otp === '000000') throw new Refusal(400, 'Invalid-OTP', 'The provided OTP is invalid')
}

function textMember(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const value: unknown = Object.entries(body).find(([key]) => key === name)?.[1]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function readSubmission(body: unknown): Submission {
  const invoice = textMember(body, 'invoice')
  const hash = textMember(body, 'invoiceHash')
  const uuid = textMember(body, 'uuid')
  if (invoice === undefined || hash === undefined || uuid === undefined)
    throw new Refusal(400, 'Invalid-Request', 'invoiceHash, uuid and invoice are required')
  const bytes = Buffer.from(invoice, 'base64')
  if (bytes.toString('base64') !== invoice.replace(/\s+/g, '')) throw new Refusal(400, 'Invalid-Request', 'invoice must be base64')
  return { bytes, hash, uuid }
}

function statusOf(findings: Findings): number {
  const { status } = findings.results()
  return status === 'ERROR' ? 400 : status === 'WARNING' ? 202 : 200
}
