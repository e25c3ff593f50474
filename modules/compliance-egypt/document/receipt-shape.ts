import { decimal, list, object, text, type ObjectShape } from './shape.js'

/** Receipts of version 1.2 (sdk.invoicing.eta.gov.eg, receipt types): one shape for sales and returns. */

const hash = text(64, /^(?:[0-9a-f]{64})?$/i)
/** The words of a discount are required: without them they could be taken for the line's own. */
const discount = object({ amount: decimal, description: text(250) }, { rate: decimal })
const taxCode = text(10, /^T(?:[1-9]|1\d|20)$/)
const taxableItem = object({ taxType: taxCode, amount: decimal, subType: text(50) }, { rate: decimal })

const item = object(
  {
    internalCode: text(50),
    description: text(500),
    itemType: text(20),
    itemCode: text(100),
    unitType: text(20),
    quantity: decimal,
    unitPrice: decimal,
    netSale: decimal,
    totalSale: decimal,
    total: decimal,
  },
  {
    commercialDiscountData: list(discount, 0, 100),
    itemDiscountData: list(discount, 0, 100),
    additionalCommercialDiscount: discount,
    additionalItemDiscount: discount,
    valueDifference: decimal,
    taxableItems: list(taxableItem, 0, 100),
  },
)

export const receiptShape: ObjectShape = object(
  {
    header: object(
      {
        dateTimeIssued: text(20, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
        receiptNumber: text(50),
        uuid: hash,
        previousUUID: hash,
        currency: text(3, /^[A-Z]{3}$/),
      },
      {
        referenceOldUUID: hash,
        referenceUUID: hash,
        exchangeRate: decimal,
        sOrderNameCode: text(100),
        orderdeliveryMode: text(50),
        grossWeight: decimal,
        netWeight: decimal,
      },
    ),
    documentType: object({ receiptType: text(10, /^[A-Z]{1,4}$/i), typeVersion: text(5, /^\d\.\d$/) }),
    seller: object(
      {
        rin: text(30),
        companyTradeName: text(200),
        branchCode: text(50),
        branchAddress: object(
          { country: text(2, /^[A-Z]{2}$/), governate: text(100), regionCity: text(100), street: text(200), buildingNumber: text(100) },
          { postalCode: text(30), floor: text(100), room: text(100), landmark: text(500), additionalInformation: text(500) },
        ),
        deviceSerialNumber: text(100),
        activityCode: text(4, /^\d{4}$/),
      },
      { syndicateLicenseNumber: text(100) },
    ),
    buyer: object({ type: text(1, /^[BPF]$/) }, { id: text(30), name: text(200), mobileNumber: text(30), paymentNumber: text(50) }),
    itemData: list(item, 1, 300),
    totalSales: decimal,
    netAmount: decimal,
    totalAmount: decimal,
    paymentMethod: text(10),
  },
  {
    totalCommercialDiscount: decimal,
    totalItemsDiscount: decimal,
    extraReceiptDiscountData: list(discount, 0, 100),
    feesAmount: decimal,
    taxTotals: list(object({ taxType: taxCode, amount: decimal }), 0, 20),
    adjustment: decimal,
    contractor: object({ name: text(200), amount: decimal, rate: decimal }),
    beneficiary: object({ amount: decimal, rate: decimal }),
  },
)
