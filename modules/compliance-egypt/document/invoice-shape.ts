import { decimal, list, object, text, type ObjectShape } from './shape.js'

/**
 * Documents of version 1.0 and 0.9: invoice, credit note, debit note and their export forms (sdk.invoicing.eta.gov.eg, document types).
 * The names are the authority's own, `governate` and all.
 */

const address = {
  required: { country: text(2, /^[A-Z]{2}$/), governate: text(100), regionCity: text(100), street: text(200), buildingNumber: text(100) },
  optional: { postalCode: text(30), floor: text(100), room: text(100), landmark: text(500), additionalInformation: text(500) },
} as const
const issuerAddress = object({ ...address.required, branchID: text(50) }, address.optional)
/** A person below the threshold is named by nobody: only the type is required of a receiver. */
const foreignAddress = object({}, { ...address.required, ...address.optional })

const payment = object(
  {},
  {
    bankName: text(100),
    bankAddress: text(500),
    bankAccountNo: text(50),
    bankAccountIBAN: text(50),
    swiftCode: text(50),
    terms: text(500),
  },
)
const delivery = object(
  {},
  {
    approach: text(100),
    packaging: text(100),
    dateValidity: text(40),
    exportPort: text(100),
    countryOfOrigin: text(100),
    grossWeight: decimal,
    netWeight: decimal,
    terms: text(500),
  },
)
const taxCode = text(10, /^T(?:[1-9]|1\d|20)$/)
const taxableItem = object({ taxType: taxCode, amount: decimal, subType: text(50) }, { rate: decimal })
const taxTotal = object({ taxType: taxCode, amount: decimal })
const line = object(
  {
    description: text(500),
    itemType: text(20),
    itemCode: text(100),
    unitType: text(20),
    quantity: decimal,
    salesTotal: decimal,
    total: decimal,
    valueDifference: decimal,
    totalTaxableFees: decimal,
    netTotal: decimal,
    itemsDiscount: decimal,
    unitValue: object({ currencySold: text(3, /^[A-Z]{3}$/), amountEGP: decimal }, { amountSold: decimal, currencyExchangeRate: decimal }),
  },
  { internalCode: text(100), discount: object({ amount: decimal }, { rate: decimal }), taxableItems: list(taxableItem, 0, 100) },
)

/** Base64 in its one canonical form; what is not signed may not vary. */
const signature = object({
  signatureType: text(1, /^[IS]$/),
  value: text(200_000, /^(?:[A-Z0-9+/]{4})+(?:[A-Z0-9+/]{2}==|[A-Z0-9+/]{3}=)?$/i),
})

/**
 * A uuid of the authority has capitals and digits. At least one digit is asked for: no name has one, so a text in the list cannot be
 * taken for the name that follows it.
 */
export const reference = text(64, /^(?=[A-Z-]*\d)[A-Z\d-]{10,64}$/i)

export const invoiceShape: ObjectShape = object(
  {
    issuer: object({ address: issuerAddress, type: text(1, /^[BPF]$/), id: text(30), name: text(200) }),
    receiver: object({ type: text(1, /^[BPF]$/) }, { address: foreignAddress, id: text(30), name: text(200) }),
    documentType: text(2, /^(?:[ICDicd]|E[ICD]|e[icd]|II|ii)$/),
    documentTypeVersion: text(3, /^(?:0\.9|1\.0)$/),
    dateTimeIssued: text(20, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
    taxpayerActivityCode: text(4, /^\d{4}$/),
    internalID: text(50),
    invoiceLines: list(line),
    totalDiscountAmount: decimal,
    totalSalesAmount: decimal,
    netAmount: decimal,
    taxTotals: list(taxTotal, 0, 20),
    totalAmount: decimal,
    extraDiscountAmount: decimal,
    totalItemsDiscountAmount: decimal,
  },
  {
    serviceDeliveryDate: text(10, /^\d{4}-\d{2}-\d{2}$/),
    purchaseOrderReference: text(100),
    purchaseOrderDescription: text(500),
    salesOrderReference: text(100),
    salesOrderDescription: text(500),
    proformaInvoiceNumber: text(50),
    references: list(reference, 0, 100),
    payment,
    delivery,
    signatures: list(signature, 1, 2),
  },
)
