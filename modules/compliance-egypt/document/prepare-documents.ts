import type { Company } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { PreparedDocument } from '../../compliance/index.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { canonicalHash, canonicalTextOf } from '../canonical/canonical-text.js'
import { activitiesOf, branchesOf, egyptCompany, type EgyptActivity, type EgyptBranch } from '../company/company-rows.js'
import { ownPersonLimit } from '../company/person-limits.js'
import { registrationNumberOf } from '../company/readiness.js'
import { personFaults, personLimitKind } from '../rules/person-rules.js'
import { writeEtaDocument } from './build-eta-document.js'
import { checkNotesTogether, referencesOf } from './references.js'
import { registeredCodes, unregisteredFaults } from './registered-codes.js'

/** Invoices and notes as the authority takes them, in the posting transaction. @throws Fault EG-BRANCH-UNKNOWN, EG-ACTIVITY-OTHER, EG-… */
export async function prepareDocuments(
  transaction: CompanyTransaction,
  company: Company,
  invoices: readonly InvoiceDocument[],
): Promise<PreparedDocument[]> {
  if (invoices.length === 0) return []
  const issuer = await issuerFacts(transaction, company)
  await checkNotesTogether(transaction, invoices)
  const references = await referencesOf(transaction, invoices)
  const codes = await registeredCodes(transaction, issuer.rin, invoices)
  return invoices.map((invoice) => {
    const { bytes: payload, read } = writeEtaDocument(invoice, {
      rin: issuer.rin,
      branch: branchOf(invoice, issuer.branches),
      activityCode: activityOf(invoice, issuer.activities),
      documentVersion: issuer.documentVersion,
      timeZone: company.timeZone,
      references: references.get(invoice.id) ?? [],
      itemCodes: codes.get(invoice.id) ?? new Map(),
    })
    return {
      invoiceId: invoice.id,
      kind: 'document',
      uuid: invoice.id,
      chain: null,
      payload,
      payloadMediaType: 'application/json',
      hash: canonicalHash(canonicalTextOf(read)),
    }
  })
}

export interface IssuerFacts {
  readonly rin: string
  readonly branches: readonly EgyptBranch[]
  readonly activities: readonly EgyptActivity[]
  readonly documentVersion: '0.9' | '1.0'
}

const issuerKey = Symbol('issuer of Egypt')

/** What the company's own documents say about it, read once per transaction. @throws Fault EG-REGISTRATION-MISSING */
export function issuerFacts(transaction: CompanyTransaction, company: Company): Promise<IssuerFacts> {
  return transaction.once(issuerKey, () => readIssuer(transaction, company))
}

async function readIssuer(transaction: CompanyTransaction, company: Company): Promise<IssuerFacts> {
  const rin = registrationNumberOf(company)
  const facts = await egyptCompany(transaction)
  if (rin === undefined || facts === undefined) throw new Fault('EG-REGISTRATION-MISSING', { path: 'identifiers' })
  return {
    rin,
    documentVersion: facts.documentVersion,
    branches: await branchesOf(transaction),
    activities: await activitiesOf(transaction),
  }
}

/** The branch a document names, else the default one. @throws Fault EG-BRANCH-UNKNOWN */
export function branchOf(invoice: InvoiceDocument, branches: readonly EgyptBranch[]): EgyptBranch {
  const code = invoice.country?.['branch']
  const found = branches.find((branch) => branch.active && (code === undefined ? branch.isDefault : branch.code === code))
  if (found === undefined) throw new Fault('EG-BRANCH-UNKNOWN', { path: 'country.branch', params: { code: code ?? '' } })
  return found
}

/** The activity a document names, else the default one. @throws Fault EG-ACTIVITY-OTHER */
export function activityOf(invoice: InvoiceDocument, activities: readonly EgyptActivity[]): string {
  const code = invoice.country?.['activity']
  const found = activities.find((activity) => (code === undefined ? activity.isDefault : activity.code === code))
  if (found === undefined) throw new Fault('EG-ACTIVITY-OTHER', { path: 'country.activity', params: { code: code ?? '' } })
  return found.code
}

/**
 * Part of `invoice.validate`: branch and activity are the company's, codes of the house are registered, and a person is named from the
 * figure on that the company states.
 */
export async function checkAgainstCompany(
  transaction: CompanyTransaction,
  company: Company,
  invoice: InvoiceDocument,
): Promise<FaultDetail[]> {
  const faults = personFaults(invoice, await ownPersonLimit(transaction, personLimitKind(invoice), invoice.issueDate))
  // Readiness tells what is missing as a whole.
  if (registrationNumberOf(company) === undefined) return faults
  const issuer = await issuerFacts(transaction, company)
  if (!issuer.branches.some((branch) => branch.isDefault) || issuer.activities.length === 0) return faults
  for (const check of [() => branchOf(invoice, issuer.branches), () => activityOf(invoice, issuer.activities)]) {
    try {
      check()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      faults.push({ code: error.code, params: error.params, ...(error.path === undefined ? {} : { path: error.path }) })
    }
  }
  const codes = (await registeredCodes(transaction, issuer.rin, [invoice])).get(invoice.id)
  return [...faults, ...unregisteredFaults(invoice, codes ?? new Map())]
}
