import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { GuardedAnswer } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { baseUrl, callFatoora, type Csid } from '../authority/fatoora-client.js'
import { forgetAccess } from '../authority/submit.js'
import { qrFactsOf } from '../stamp/qr.js'
import { stampInvoice } from '../stamp/stamp-invoice.js'
import { firstPreviousHash } from '../ubl/names.js'
import { writeInvoice } from '../ubl/write-invoice.js'
import { unitRequest } from './certificate-request.js'
import { checkInvoices } from './check-invoices.js'
import { wrapSecret } from './credentials.js'
import { insertUnit, retireUnits, unitById, updateUnit, type ZatcaEnvironment } from './unit-rows.js'

export interface OnboardRequest {
  /** Six digits from the authority's portal; any six but zeros in the sandbox. */
  readonly otp: string
  readonly environment: ZatcaEnvironment
  /** Trade of the company, shown in the certificate. */
  readonly businessCategory?: string
}

export interface OnboardedUnit {
  readonly unitId: string
  readonly serial: string
  readonly keyId: string
  readonly certificateUntil: Date
}

const granted = z.looseObject({
  requestID: z.union([z.string(), z.number()]).transform(String),
  dispositionMessage: z.string(),
  binarySecurityToken: z.string().min(1),
  secret: z.string().min(1),
})

/** What the authority gives: base64 of base64 of the DER certificate. */
function certificateOf(token: string): Buffer {
  return Buffer.from(Buffer.from(token, 'base64').toString('ascii'), 'base64')
}

function readGranted(answer: GuardedAnswer, step: string): z.infer<typeof granted> {
  const text = answer.body.toString('utf8')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  const read = granted.safeParse(parsed)
  if (answer.status !== 200 || !read.success || read.data.dispositionMessage !== 'ISSUED') {
    throw new Fault('SA-ONBOARD-REFUSED', { status: 502, params: { step, status: answer.status, reply: text.slice(0, 500) } })
  }
  return read.data
}

/**
 * Makes this company an e-invoicing unit: key, certificate request, compliance certificate, the six trial documents, production
 * certificate. Each step that the authority answered is stored before the next, so that nothing is lost when one fails; running it
 * again begins a new unit.
 * @throws Fault SA-ONBOARD-…, HTTP-…, SA-SANDBOX-MISSING, ACCESS-DENIED
 */
export async function onboard(host: Host, context: CompanyContext, request: OnboardRequest): Promise<OnboardedUnit> {
  host.access.require(context, 'invoicing.manager')
  if (!/^\d{6}$/.test(request.otp)) throw new Fault('SA-ONBOARD-OTP', { path: 'otp' })
  const company = await host.access.company(context.companyId)
  if (company.country !== 'SA') throw new Fault('SA-ONBOARD-COUNTRY', { params: { country: company.country } })
  if (company.sandbox && request.environment !== 'sandbox') throw new Fault('SA-ONBOARD-SANDBOX', { path: 'environment' })
  const base = baseUrl(host.config, company, request.environment)
  const serial = `1-Khatm|2-1.0|3-${randomUUID()}`
  const subject = unitRequest(company, {
    serial,
    environment: request.environment,
    businessCategory: request.businessCategory ?? 'Commerce',
  })
  const made = await host.db.company(company.id, async (transaction) => {
    const key = await host.signing.generateKey(transaction, context, {
      name: `ZATCA ${serial.slice(-12)}`,
      algorithm: 'ec-secp256k1',
      purposes: ['stamp-e-invoice'],
    })
    return { keyId: key.id, unitId: await insertUnit(transaction, { serial, environment: request.environment, keyId: key.id }, host.now()) }
  })
  const csr = await host.db.company(company.id, (transaction) => host.signing.certificateRequest(transaction, context, made.keyId, subject))

  const compliance = readGranted(
    await callFatoora(host.config, {
      base,
      path: 'compliance',
      otp: request.otp,
      body: { csr: Buffer.from(csr, 'utf8').toString('base64') },
    }),
    'compliance',
  )
  const complianceCsid: Csid = { token: compliance.binarySecurityToken, secret: compliance.secret }
  await host.db.company(company.id, async (transaction) => {
    await host.signing.installCertificates(transaction, context, made.keyId, [certificateOf(compliance.binarySecurityToken)])
    await updateUnit(transaction, made.unitId, {
      state: 'compliance',
      request_id: compliance.requestID,
      compliance_token: compliance.binarySecurityToken,
      compliance_secret: await wrapSecret(host, transaction, made.unitId, compliance.secret),
    })
  })
  await runChecks(host, context, company, base, complianceCsid, made.keyId)

  const production = readGranted(
    await callFatoora(host.config, {
      base,
      path: 'production/csids',
      csid: complianceCsid,
      body: { compliance_request_id: compliance.requestID },
    }),
    'production',
  )
  const certificate = certificateOf(production.binarySecurityToken)
  const until = readCertificate(certificate).notAfter
  await host.db.company(company.id, async (transaction) => {
    await installProduction(host, context, transaction, made.keyId, certificate)
    await retireUnits(transaction)
    await updateUnit(transaction, made.unitId, {
      state: 'production',
      production_token: production.binarySecurityToken,
      production_secret: await wrapSecret(host, transaction, made.unitId, production.secret),
      certificate_until: until,
    })
    const unit = await unitById(transaction, made.unitId)
    host.audit.record(transaction, context, {
      action: 'compliance-saudi.onboarded',
      subject: { type: 'compliance-saudi.unit', id: made.unitId, label: unit?.serial ?? serial },
      facts: { environment: request.environment, until: until.toISOString() },
    })
  })
  forgetAccess(company.id)
  return { unitId: made.unitId, serial, keyId: made.keyId, certificateUntil: until }
}

async function installProduction(
  host: Host,
  context: CompanyContext,
  transaction: Parameters<Host['signing']['installCertificates']>[0],
  keyId: string,
  certificate: Buffer,
): Promise<void> {
  try {
    await host.signing.installCertificates(transaction, context, keyId, [certificate])
  } catch (error) {
    // The authority's developer portal answers with one canned certificate for everybody: it can sign nothing of ours.
    if (error instanceof Fault && error.code === 'SIGN-CERT-MISMATCH') throw new Fault('SA-ONBOARD-FOREIGN-CERTIFICATE', { cause: error })
    throw error
  }
}

/** The six trial documents of a unit for both kinds: invoice, credit note and debit note, standard and simplified. */
async function runChecks(host: Host, context: CompanyContext, company: Company, base: string, csid: Csid, keyId: string): Promise<void> {
  const invoices = checkInvoices(company, host.now())
  const signer = await host.signing.open(
    context,
    keyId,
    invoices.map((invoice) => ({
      purpose: 'stamp-e-invoice',
      subject: { type: 'compliance-saudi.check', id: invoice.id, label: invoice.number },
    })),
  )
  let previousHash: string = firstPreviousHash
  for (const [index, invoice] of invoices.entries()) {
    const payload = writeInvoice(invoice, { uuid: invoice.id, counter: index + 1, previousHash })
    const stamped = await stampInvoice({ payload, facts: qrFactsOf(invoice), simplified: invoice.simplified }, signer, host.now())
    previousHash = stamped.hash
    const answer = await callFatoora(host.config, {
      base,
      path: 'compliance/invoices',
      csid,
      body: { invoiceHash: stamped.hash, uuid: invoice.id, invoice: stamped.bytes.toString('base64') },
    })
    if (answer.status !== 200 && answer.status !== 202) {
      throw new Fault('SA-ONBOARD-CHECK', {
        status: 502,
        params: { document: invoice.number, status: answer.status, reply: answer.body.toString('utf8').slice(0, 500) },
      })
    }
  }
}
