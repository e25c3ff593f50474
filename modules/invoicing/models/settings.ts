import { z } from 'zod'

const pattern = z
  .string()
  .max(60)
  .regex(/^[^{}]*(?:\{year\}[^{}]*)?(?:\{month\}[^{}]*)?\{number(?::\d{1,2})?\}[^{}]*$/, 'INVOICE-NUMBER-PATTERN')

/** Settings of invoicing per company; every field has its default. */
export const invoicingSettings = z.object({
  /** `{year}`, `{month}` and `{number:5}`; two types with the same pattern share one series. */
  invoiceNumber: pattern.default('INV/{year}/{number:5}'),
  creditNoteNumber: pattern.default('RINV/{year}/{number:5}'),
  debitNoteNumber: pattern.default('DBN/{year}/{number:5}'),
  paymentNumber: pattern.default('PAY/{year}/{number:5}'),
  /** Code of the payment term used when nothing else is said. */
  defaultTerm: z.string().max(20).default('immediate'),
  /** Code of the tax proposed on new lines; empty: the first of the company's taxes with category S. */
  defaultTax: z.string().max(20).default(''),
  /** Printed under every invoice. */
  notes: z.string().max(1000).default(''),
  bankAccount: z.string().max(127).default(''),
  /** Payments above the open amount: refused, or kept as credit of the customer. */
  overpayment: z.enum(['refuse', 'credit']).default('refuse'),
  /** Second language on paper beside Arabic. */
  secondLanguage: z.enum(['en', 'bg', 'none']).default('en'),
  /** Paper of the stored print of simplified documents; usual: the 80 mm slip where the company has tills, else A4. */
  simplifiedPaper: z.enum(['usual', 'slip', 'a4']).default('usual'),
})

export type InvoicingSettings = z.infer<typeof invoicingSettings>
