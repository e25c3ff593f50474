/** Namespaces of a UBL 2.1 invoice. */
export const ubl = {
  invoice: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2',
  cac: 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
  cbc: 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
  ext: 'urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2',
  sig: 'urn:oasis:names:specification:ubl:schema:xsd:CommonSignatureComponents-2',
  sac: 'urn:oasis:names:specification:ubl:schema:xsd:SignatureAggregateComponents-2',
  sbc: 'urn:oasis:names:specification:ubl:schema:xsd:SignatureBasicComponents-2',
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  xades: 'http://uri.etsi.org/01903/v1.3.2#',
} as const

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** Namespaces of the root in canonical order: the default one, then by prefix. */
export const rootNamespaces = ` xmlns="${ubl.invoice}" xmlns:cac="${ubl.cac}" xmlns:cbc="${ubl.cbc}" xmlns:ext="${ubl.ext}"`

/** Value of cbc:UUID and cbc:ID in the signature blocks (XML Implementation Standard, KSA-15). */
export const signatureNames = {
  information: 'urn:oasis:names:specification:ubl:signature:1',
  referenced: 'urn:oasis:names:specification:ubl:signature:Invoice',
  method: 'urn:oasis:names:specification:ubl:dsig:enveloped:xades',
} as const

/**
 * PIH of the first document of a unit: base64 of the hex text of SHA-256("0"), as BR-KSA-26 gives it. Every later one is
 * base64 of the raw hash of the document before.
 */
export const firstPreviousHash = 'NWZlY2ViNjZmZmM4NmYzOGQ5NTI3ODZjNmQ2OTZjNzljMmRiYzIzOWRkNGU5MWI0NjcyOWQ3M2EyN2ZiNTdlOQ=='

/** UNTDID 1001 codes ZATCA knows: notes are invoices with another type code, not UBL CreditNote documents. */
export const typeCodes = { invoice: '388', credit_note: '381', debit_note: '383' } as const

/** UNTDID 4461, the subset of BR-KSA-16: cash, bank account, bank card, on credit, not defined. */
export const paymentMeansCodes = { cash: '10', transfer: '42', card: '48', credit: '30', undefined: '1' } as const

export const sellerSchemes = ['CRN', 'MOM', 'MLS', '700', 'SAG', 'OTH'] as const
export const buyerSchemes = ['TIN', 'CRN', 'MOM', 'MLS', '700', 'SAG', 'NAT', 'GCC', 'IQA', 'PAS', 'OTH'] as const
