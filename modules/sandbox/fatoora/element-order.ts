import type { Findings } from './answers.js'
import type { Element } from './canonical-tree.js'

const namespaces = {
  invoice: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2',
  cac: 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
  cbc: 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
  ext: 'urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2',
} as const

/**
 * Content models of UBL 2.1 as far as electronic invoices of the Kingdom use them: children in their schema order.
 * A name ending in `+` may repeat, one beginning with `!` must be there. Capitalised aggregates stand in cac, the rest in cbc;
 * which is which follows from `aggregates`.
 */
const models: Readonly<Record<string, string>> = {
  Invoice:
    'UBLExtensions UBLVersionID CustomizationID ProfileID ProfileExecutionID !ID CopyIndicator UUID !IssueDate IssueTime DueDate ' +
    'InvoiceTypeCode Note+ TaxPointDate DocumentCurrencyCode TaxCurrencyCode PricingCurrencyCode PaymentCurrencyCode ' +
    'PaymentAlternativeCurrencyCode AccountingCostCode AccountingCost LineCountNumeric BuyerReference InvoicePeriod+ OrderReference ' +
    'BillingReference+ DespatchDocumentReference+ ReceiptDocumentReference+ StatementDocumentReference+ OriginatorDocumentReference+ ' +
    'ContractDocumentReference+ AdditionalDocumentReference+ ProjectReference+ Signature+ !AccountingSupplierParty ' +
    '!AccountingCustomerParty PayeeParty BuyerCustomerParty SellerSupplierParty TaxRepresentativeParty Delivery+ DeliveryTerms ' +
    'PaymentMeans+ PaymentTerms+ PrepaidPayment+ AllowanceCharge+ TaxExchangeRate PricingExchangeRate PaymentExchangeRate ' +
    'PaymentAlternativeExchangeRate TaxTotal+ WithholdingTaxTotal+ !LegalMonetaryTotal !InvoiceLine+',
  OrderReference: '!ID SalesOrderID CopyIndicator UUID IssueDate IssueTime CustomerReference OrderTypeCode DocumentReference',
  BillingReference:
    'InvoiceDocumentReference SelfBilledInvoiceDocumentReference CreditNoteDocumentReference SelfBilledCreditNoteDocumentReference ' +
    'DebitNoteDocumentReference ReminderDocumentReference AdditionalDocumentReference BillingReferenceLine+',
  DocumentReference:
    '!ID CopyIndicator UUID IssueDate IssueTime DocumentTypeCode DocumentType XPath+ LanguageID LocaleCode VersionID ' +
    'DocumentStatusCode DocumentDescription+ Attachment ValidityPeriod IssuerParty ResultOfVerification',
  Attachment: 'EmbeddedDocumentBinaryObject ExternalReference',
  Signature:
    '!ID Note+ ValidationDate ValidationTime ValidatorID CanonicalizationMethod SignatureMethod SignatoryParty ' +
    'DigitalSignatureAttachment OriginalDocumentReference',
  SupplierParty:
    'CustomerAssignedAccountID AdditionalAccountID+ DataSendingCapability Party DespatchContact AccountingContact SellerContact',
  CustomerParty:
    'CustomerAssignedAccountID SupplierAssignedAccountID AdditionalAccountID+ Party DeliveryContact AccountingContact BuyerContact',
  Party:
    'MarkCareIndicator MarkAttentionIndicator WebsiteURI LogoReferenceID EndpointID IndustryClassificationCode PartyIdentification+ ' +
    'PartyName+ Language PostalAddress PhysicalLocation PartyTaxScheme+ PartyLegalEntity+ Contact Person+ AgentParty ' +
    'ServiceProviderParty+ PowerOfAttorney+ FinancialAccount',
  PartyIdentification: '!ID',
  PartyName: '!Name',
  Address:
    'ID AddressTypeCode AddressFormatCode Postbox Floor Room StreetName AdditionalStreetName BlockName BuildingName BuildingNumber ' +
    'InhouseMail Department MarkAttention MarkCare PlotIdentification CitySubdivisionName CityName PostalZone CountrySubentity ' +
    'CountrySubentityCode Region District TimezoneOffset AddressLine+ Country LocationCoordinate+',
  Country: 'IdentificationCode Name',
  PartyTaxScheme: 'RegistrationName CompanyID TaxLevelCode ExemptionReasonCode ExemptionReason+ RegistrationAddress !TaxScheme',
  PartyLegalEntity:
    'RegistrationName CompanyID RegistrationDate RegistrationExpirationDate CompanyLegalFormCode CompanyLegalForm ' +
    'SoleProprietorshipIndicator CompanyLiquidationStatusCode CorporateStockAmount FullyPaidSharesIndicator RegistrationAddress ' +
    'CorporateRegistrationScheme HeadOfficeParty ShareholderParty+',
  Contact: 'ID Name Telephone Telefax ElectronicMail Note+ OtherCommunication+',
  TaxScheme: 'ID Name TaxTypeCode CurrencyCode JurisdictionRegionAddress+',
  Delivery:
    'ID Quantity MinimumQuantity MaximumQuantity ActualDeliveryDate ActualDeliveryTime LatestDeliveryDate LatestDeliveryTime ReleaseID ' +
    'TrackingID DeliveryAddress DeliveryLocation AlternativeDeliveryLocation RequestedDeliveryPeriod PromisedDeliveryPeriod ' +
    'EstimatedDeliveryPeriod CarrierParty DeliveryParty NotifyParty+ Despatch DeliveryTerms+ MinimumDeliveryUnit MaximumDeliveryUnit Shipment',
  PaymentMeans:
    'ID !PaymentMeansCode PaymentDueDate PaymentChannelCode InstructionID InstructionNote+ PaymentID+ CardAccount ' +
    'PayerFinancialAccount PayeeFinancialAccount CreditAccount PaymentMandate TradeFinancing',
  FinancialAccount: 'ID Name AliasName AccountTypeCode AccountFormatCode CurrencyCode PaymentNote+ FinancialInstitutionBranch Country',
  PaymentTerms:
    'ID PaymentMeansID+ PrepaidPaymentReferenceID Note+ ReferenceEventCode SettlementDiscountPercent PenaltySurchargePercent ' +
    'PaymentPercent Amount SettlementDiscountAmount PenaltyAmount PaymentTermsDetailsURI PaymentDueDate InstallmentDueDate ' +
    'InvoicingPartyReference SettlementPeriod PenaltyPeriod ExchangeRate ValidityPeriod',
  AllowanceCharge:
    'ID !ChargeIndicator AllowanceChargeReasonCode AllowanceChargeReason+ MultiplierFactorNumeric PrepaidIndicator SequenceNumeric ' +
    '!Amount BaseAmount AccountingCostCode AccountingCost PerUnitAmount TaxCategory+ TaxTotal PaymentMeans+',
  TaxCategory:
    'ID Name Percent BaseUnitMeasure PerUnitAmount TaxExemptionReasonCode TaxExemptionReason+ TierRange TierRatePercent !TaxScheme',
  ExchangeRate:
    '!SourceCurrencyCode SourceCurrencyBaseRate !TargetCurrencyCode TargetCurrencyBaseRate ExchangeMarketID CalculationRate ' +
    'MathematicOperatorCode Date ForeignExchangeContract',
  TaxTotal: '!TaxAmount RoundingAmount TaxEvidenceIndicator TaxIncludedIndicator TaxSubtotal+',
  TaxSubtotal:
    'TaxableAmount !TaxAmount CalculationSequenceNumeric TransactionCurrencyTaxAmount Percent BaseUnitMeasure PerUnitAmount TierRange ' +
    'TierRatePercent !TaxCategory',
  LegalMonetaryTotal:
    'LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount PrepaidAmount ' +
    'PayableRoundingAmount !PayableAmount PayableAlternativeAmount',
  InvoiceLine:
    '!ID UUID Note+ InvoicedQuantity !LineExtensionAmount TaxPointDate AccountingCostCode AccountingCost PaymentPurposeCode ' +
    'FreeOfChargeIndicator InvoicePeriod+ OrderLineReference+ DespatchLineReference+ ReceiptLineReference+ BillingReference+ ' +
    'DocumentReference+ PricingReference OriginatorParty Delivery+ PaymentTerms+ AllowanceCharge+ TaxTotal+ WithholdingTaxTotal+ !Item ' +
    'Price DeliveryTerms SubInvoiceLine+ ItemPriceExtension',
  Item:
    'Description+ PackQuantity PackSizeNumeric CatalogueIndicator Name HazardousRiskIndicator AdditionalInformation+ Keyword+ ' +
    'BrandName+ ModelName+ BuyersItemIdentification SellersItemIdentification ManufacturersItemIdentification+ ' +
    'StandardItemIdentification CatalogueItemIdentification AdditionalItemIdentification+ CatalogueDocumentReference ' +
    'ItemSpecificationDocumentReference+ OriginCountry CommodityClassification+ TransactionConditions+ HazardousItem+ ' +
    'ClassifiedTaxCategory+ AdditionalItemProperty+ ManufacturerParty+ InformationContentProviderParty OriginAddress+ ItemInstance+ ' +
    'Certificate+ Dimension+',
  ItemIdentification: '!ID ExtendedID BarcodeSymbologyID PhysicalAttribute+ MeasurementDimension+ IssuerParty',
  Price:
    '!PriceAmount BaseQuantity PriceChangeReason+ PriceTypeCode PriceType OrderableUnitFactorRate ValidityPeriod+ PriceList ' +
    'AllowanceCharge+ PricingExchangeRate',
}

/** Elements whose content model is known under another name. */
const modelOf: Readonly<Record<string, string>> = {
  ContractDocumentReference: 'DocumentReference',
  AdditionalDocumentReference: 'DocumentReference',
  InvoiceDocumentReference: 'DocumentReference',
  AccountingSupplierParty: 'SupplierParty',
  AccountingCustomerParty: 'CustomerParty',
  PostalAddress: 'Address',
  DeliveryAddress: 'Address',
  ClassifiedTaxCategory: 'TaxCategory',
  PayeeFinancialAccount: 'FinancialAccount',
  TaxExchangeRate: 'ExchangeRate',
  BuyersItemIdentification: 'ItemIdentification',
  SellersItemIdentification: 'ItemIdentification',
  StandardItemIdentification: 'ItemIdentification',
}

interface Place {
  readonly index: number
  readonly repeats: boolean
}
interface Model {
  readonly places: ReadonlyMap<string, Place>
  readonly required: readonly string[]
}

const compiled = new Map<string, Model>(
  Object.entries(models).map(([name, text]) => {
    const words = text.split(' ')
    const bare = (word: string): string => word.replace(/^!|\+$/g, '')
    return [
      name,
      {
        places: new Map(words.map((word, index) => [bare(word), { index, repeats: word.endsWith('+') }])),
        required: words.filter((word) => word.startsWith('!')).map(bare),
      },
    ]
  }),
)

const category = 'XSD validation'

/** Checks names, namespaces, order, repetition and obligatory elements against UBL 2.1. @returns false when the document is not in order */
export function checkElementOrder(root: Element, findings: Findings): boolean {
  const faults: string[] = []
  if (root.name !== 'Invoice' || root.namespace !== namespaces.invoice) faults.push(`root element must be Invoice of ${namespaces.invoice}`)
  else checkModel(root, 'Invoice', '/Invoice', faults)
  for (const fault of faults.slice(0, 5))
    findings.error(
      'SAXParseException',
      category,
      `Schema validation failed; XML does not comply with UBL 2.1 standards in line with ZATCA specifications: ${fault}`,
    )
  if (faults.length === 0) findings.info('XSD_ZATCA_VALID', category, 'Complied with UBL 2.1 standards in line with ZATCA specifications')
  return faults.length === 0
}

function checkModel(element: Element, modelName: string, path: string, faults: string[]): void {
  const model = compiled.get(modelName)
  if (model === undefined) return
  if (element.text.trim() !== '' && element.children.length > 0) faults.push(`${path} holds text between its elements`)
  let last = -1
  let previous = ''
  for (const child of element.children) {
    const place = model.places.get(child.name)
    if (place === undefined || !inItsNamespace(child)) {
      faults.push(`${path}: element ${child.name} is not expected`)
      continue
    }
    if (place.index < last) faults.push(`${path}: element ${child.name} must not follow ${previous}`)
    else if (place.index === last && !place.repeats) faults.push(`${path}: element ${child.name} stands twice`)
    last = Math.max(last, place.index)
    previous = child.name
    checkModel(child, modelOf[child.name] ?? child.name, `${path}/${child.name}`, faults)
  }
  for (const name of model.required)
    if (!element.children.some((child) => child.name === name)) faults.push(`${path}: element ${name} is missing`)
}

function inItsNamespace(element: Element): boolean {
  if (element.name === 'UBLExtensions') return element.namespace === namespaces.ext
  // In UBL an element with element content is an aggregate; one with text alone is basic. An empty one may be either.
  if (element.children.length > 0) return element.namespace === namespaces.cac
  return element.namespace === namespaces.cbc || (element.text.trim() === '' && element.namespace === namespaces.cac)
}
