export * from './document.js'
export { invoiceInput, partyInput, addressInput, type InvoiceInput } from './input.js'
export type { InvoicePrint, PostedNotice } from './hooks.js'
import './hooks.js'
