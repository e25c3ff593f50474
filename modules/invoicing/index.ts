export * from './document.js'
export { invoiceInput, partyInput, addressInput, type InvoiceInput } from './input.js'
export type { InvoiceFinish, InvoicePrint, PostedNotice, PrintHold } from './hooks.js'
import './hooks.js'
