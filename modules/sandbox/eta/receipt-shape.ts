import { address, type Shape } from './document-shape.js'

const discount = { 'amount!': 'number', 'description!': 'text', rate: 'number' } as const
const item = {
  'internalCode!': 'text',
  'description!': 'text',
  'itemType!': 'text',
  'itemCode!': 'text',
  'unitType!': 'text',
  'quantity!': 'number',
  'unitPrice!': 'number',
  'netSale!': 'number',
  'totalSale!': 'number',
  'total!': 'number',
  commercialDiscountData: [discount],
  itemDiscountData: [discount],
  valueDifference: 'number',
  taxableItems: [{ 'taxType!': 'text', 'amount!': 'number', 'subType!': 'text', rate: 'number' }],
} as const

/** Receipts of version 1.2 as the authority's side reads them; sales and returns have one shape. */
export const receiptShape: Shape = {
  'header!': {
    'dateTimeIssued!': 'text',
    'receiptNumber!': 'text',
    'uuid!': 'text',
    'previousUUID!': 'text',
    referenceOldUUID: 'text',
    referenceUUID: 'text',
    'currency!': 'text',
    exchangeRate: 'number',
    sOrderNameCode: 'text',
    orderdeliveryMode: 'text',
    grossWeight: 'number',
    netWeight: 'number',
  },
  'documentType!': { 'receiptType!': 'text', 'typeVersion!': 'text' },
  'seller!': {
    'rin!': 'text',
    'companyTradeName!': 'text',
    'branchCode!': 'text',
    'branchAddress!': address,
    'deviceSerialNumber!': 'text',
    syndicateLicenseNumber: 'text',
    'activityCode!': 'text',
  },
  'buyer!': { 'type!': 'text', id: 'text', name: 'text', mobileNumber: 'text', paymentNumber: 'text' },
  'itemData!': [item],
  'totalSales!': 'number',
  totalCommercialDiscount: 'number',
  totalItemsDiscount: 'number',
  extraReceiptDiscountData: [discount],
  'netAmount!': 'number',
  feesAmount: 'number',
  'totalAmount!': 'number',
  taxTotals: [{ 'taxType!': 'text', 'amount!': 'number' }],
  'paymentMethod!': 'text',
  adjustment: 'number',
}
