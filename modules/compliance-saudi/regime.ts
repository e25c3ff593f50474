import type { Company, CompanyContext } from '../../core/access/context.js'
import type { CompanyTransaction } from '../../core/db/database.js'
import type { Host } from '../../core/host/module.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { KeyUse } from '../../core/signing/signing-service.js'
import type { InvoiceDocument } from '../invoicing/index.js'
import type { PreparedDocument, ReadinessItem, Regime, SignedLegalDocument } from '../compliance/index.js'
import { submitToFatoora } from './authority/submit.js'
import { documentTitle, legalNotes } from './print.js'
import { validateSaudi } from './rules/validate-invoice.js'
import { invoiceHash } from './stamp/invoice-hash.js'
import { qrFactsOf } from './stamp/qr.js'
import { stampInvoices } from './stamp/stamp-invoice.js'
import { writeInvoice } from './ubl/write-invoice.js'
import { holdChain } from './unit/chain.js'
import { readiness } from './unit/readiness.js'
import { activeUnit, unitById } from './unit/unit-rows.js'

export const regimeName = 'saudi-zatca'

const title: LocalizedText = {
  ar: 'الفوترة الإلكترونية (فاتورة)',
  en: 'ZATCA e-invoicing (Fatoora)',
  bg: 'Електронно фактуриране на ZATCA (Fatoora)',
}

/** The authority's law: chained, stamped UBL invoices; tax invoices are cleared, simplified ones reported within 24 hours. */
export class SaudiRegime implements Regime {
  readonly name = regimeName
  readonly country = 'SA'
  readonly title = title
  readonly parallelSubmissions = 8

  /** Key of each unit that has prepared something in this process; a unit keeps its key for life. */
  private readonly keys = new Map<string, string>()

  constructor(private readonly host: Host) {}

  /** The customer's copy of a tax invoice must carry the authority's own stamp and QR code; a simplified one is handed over at once. */
  finalPrint(kind: string): 'signed' | 'accepted' {
    return kind === 'standard' ? 'accepted' : 'signed'
  }

  deadlineHours(kind: string): number | null {
    return kind === 'simplified' ? 24 : null
  }

  readiness(transaction: CompanyTransaction, _context: CompanyContext, company: Company): Promise<readonly ReadinessItem[]> {
    return readiness(transaction, company, this.host.now())
  }

  validate(invoice: InvoiceDocument): ReturnType<typeof validateSaudi> {
    return validateSaudi(invoice, this.host.now())
  }

  async prepare(
    transaction: CompanyTransaction,
    _context: CompanyContext,
    invoices: readonly InvoiceDocument[],
  ): Promise<readonly PreparedDocument[]> {
    const chain = await holdChain(transaction)
    this.keys.set(chain.unit.id, chain.unit.keyId)
    return invoices.map((invoice) => {
      const link = { uuid: invoice.id, counter: chain.lastCounter + 1, previousHash: chain.previousHash }
      const payload = writeInvoice(invoice, link)
      const hash = invoiceHash(payload).toString('base64')
      chain.previousHash = hash
      chain.lastCounter = link.counter
      return {
        invoiceId: invoice.id,
        kind: invoice.simplified ? 'simplified' : 'standard',
        uuid: link.uuid,
        chain: { name: chain.unit.id, counter: link.counter, previousHash: link.previousHash },
        payload,
        payloadMediaType: 'application/xml',
        hash,
      }
    })
  }

  async sign(
    context: CompanyContext,
    _company: Company,
    documents: readonly (PreparedDocument & { readonly invoice: InvoiceDocument })[],
  ): Promise<readonly (SignedLegalDocument | null)[]> {
    const keyId = await this.keyFor(context, documents[0]?.chain?.name)
    if (keyId === undefined) return documents.map(() => null)
    const signer = await this.host.signing.open(context, keyId, documents.map(useOf))
    const requests = documents.map(({ payload, invoice }) => ({ payload, facts: qrFactsOf(invoice), simplified: invoice.simplified }))
    const stamped = await stampInvoices(requests, signer, this.host.now())
    return stamped.map(({ bytes, qr }) => ({ bytes, mediaType: 'application/xml', extension: 'xml', qr }))
  }

  private async keyFor(context: CompanyContext, unitId: string | undefined): Promise<string | undefined> {
    const known = unitId === undefined ? undefined : this.keys.get(unitId)
    if (known !== undefined) return known
    return this.host.db.company(
      context.companyId,
      async (transaction) => (await (unitId === undefined ? activeUnit(transaction) : unitById(transaction, unitId)))?.keyId,
    )
  }

  submit(...[context, request]: Parameters<Regime['submit']>): ReturnType<Regime['submit']> {
    return submitToFatoora(this.host, context, request)
  }

  print(invoice: InvoiceDocument): ReturnType<Regime['print']> {
    return { title: documentTitle(invoice), legalNotes: legalNotes(invoice) }
  }
}

function useOf({ invoice }: { readonly invoice: InvoiceDocument }): KeyUse {
  return {
    purpose: 'stamp-e-invoice',
    subject: { type: 'invoicing.invoice', id: invoice.id, label: invoice.number },
    amount: { value: invoice.totals.taxInclusive, currency: invoice.currency },
  }
}
