import { z } from 'zod'

const decimal = z.string().regex(/^-?\d{1,15}(\.\d{1,9})?$/, 'INVOICE-DECIMAL-TEXT')
const date = z.iso.date()

export const addressInput = z.object({
  street: z.string().max(1000).optional(),
  additionalStreet: z.string().max(1000).optional(),
  building: z.string().max(20).optional(),
  additionalNumber: z.string().max(20).optional(),
  district: z.string().max(127).optional(),
  city: z.string().max(127).optional(),
  region: z.string().max(127).optional(),
  postalCode: z.string().max(20).optional(),
  country: z.string().regex(/^[A-Z]{2}$/),
})

export const partyInput = z.object({
  name: z.string().trim().min(1).max(1000),
  nameAr: z.string().max(1000).optional(),
  identifiers: z
    .array(z.object({ scheme: z.string().regex(/^[A-Z0-9]{2,10}$/), value: z.string().min(1).max(60) }))
    .max(20)
    .default([]),
  address: addressInput.optional(),
  phone: z.string().max(40).optional(),
  email: z.email().optional(),
})

/** Facts by the names a country's module gives them. */
const countryFacts = z
  .record(z.string().regex(/^[a-z][a-z0-9.]{0,39}$/i), z.string().max(500))
  .refine((facts) => Object.keys(facts).length <= 40)

/** A tax beside the main one: its rate where the tax has none of its own, or its amount where it is fixed. */
const furtherTaxInput = z.object({ tax: z.string().min(1).max(20), rate: decimal.optional(), amount: decimal.optional() }).strict()

export const lineInput = z.object({
  description: z.string().trim().min(1).max(1000),
  quantity: decimal,
  unit: z.string().max(10).default('PCE'),
  unitPrice: decimal,
  discount: decimal.default('0'),
  tax: z.string().min(1).max(20),
  itemCode: z.string().max(127).optional(),
  /** Further taxes, where the company's country has them. */
  taxes: z.array(furtherTaxInput).max(40).optional(),
  country: countryFacts.optional(),
})

/** Invoice JSON of the command and of POST /api/v1/invoices (ARCHITECTURE.md, part 5). */
export const invoiceInput = z
  .object({
    company: z.string().optional(),
    type: z.enum(['invoice', 'credit_note', 'debit_note']).default('invoice'),
    simplified: z.boolean().default(false),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
    exchangeRate: decimal.optional(),
    issueDate: date.optional(),
    issueTime: z
      .string()
      .regex(/^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/)
      .optional(),
    supplyDate: date.optional(),
    supplyEndDate: date.optional(),
    dueDate: date.optional(),
    /** An existing contact instead of `customer`. */
    contactId: z.uuid().optional(),
    customer: partyInput.optional(),
    lines: z.array(lineInput).min(1).max(1000),
    refersTo: z.string().max(127).optional(),
    reason: z.string().max(1000).optional(),
    paymentMeans: z.enum(['cash', 'transfer', 'card', 'credit']).optional(),
    prepaid: decimal.default('0'),
    notes: z.string().max(1000).optional(),
    purchaseOrder: z.string().max(127).optional(),
    contract: z.string().max(127).optional(),
    /** Off the whole document, where the company's country knows such a discount. */
    discount: decimal.optional(),
    country: countryFacts.optional(),
  })
  .strict()

export type InvoiceInput = z.infer<typeof invoiceInput>
