export * from './document.js'
export { invoiceInput, partyInput, addressInput, type InvoiceInput } from './input.js'
export type { InvoiceFinish, InvoicePrint, PostedNotice, PrintHold } from './hooks.js'
export {
  postInvoices,
  type PostDraft,
  type PostedOutcome,
  type PostOptions,
  type PostOutcome,
  type PostRequest,
  type RefusedOutcome,
} from './services/post.js'
export { computeTotals } from './services/totals.js'
export { documentOf, documentsOf, summaryOf, type InvoiceSummary } from './services/read-invoices.js'
export { seedCatalogue } from './services/seed.js'
import './hooks.js'
export { finalPdf, makePrint, type PrintState } from './services/print.js'
export { printStatesOf } from './services/print-states.js'
