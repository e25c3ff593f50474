export * from './document.js'
export { invoiceInput, partyInput, addressInput, type InvoiceInput } from './input.js'
export type {
  InvoiceFinish,
  InvoicePrint,
  OverviewCard,
  PostedNotice,
  PrintFact,
  PrintHold,
  PrintStamp,
  Replacement,
  SellingPlaces,
} from './hooks.js'
export { postInvoices, type PostOptions } from './services/post.js'
export type { PostDraft, PostedOutcome, PostOutcome, PostRequest, RefusedOutcome } from './services/read-requests.js'
export { computeTotals, type ComputedTotals, type PricedLine, type PricedTax, type TotalsOptions } from './services/totals.js'
export type { TaxComputation } from './tax-computation.js'
export { documentOf, documentsOf, summaryOf, type InvoiceSummary } from './services/read-invoices.js'
export {
  finalPdf,
  makePrint,
  previewPdf,
  printLanguages,
  printStateOf,
  printStatesOf,
  requestPrints,
  type PrintState,
} from './services/print.js'
export { registerPayment, settlementsOf, undoPayment, type Payment, type PaymentRequest, type Settlement } from './services/payments.js'
export { cancelInvoice } from './services/cancel.js'
export { replaceInvoice } from './services/replace.js'
export { copyAsDraft, makeNote } from './services/make-note.js'
export { saveDraft } from './services/drafts.js'
export { sendInvoice, composeMail } from './services/send.js'
export { seedCatalogue } from './services/seed.js'
import './hooks.js'
