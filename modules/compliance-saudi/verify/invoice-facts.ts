import type { XmlNode } from '../../../core/xml/read-xml.js'
import { ubl } from '../ubl/names.js'
import { trimXml } from './pattern.js'

const namespaces = [ubl.cac, ubl.cbc, ubl.ext] as const

/** Children of that local name in the UBL namespaces. */
export function childrenOf(node: XmlNode | undefined, local: string): XmlNode[] {
  return node?.children.filter((child) => child.local === local && (namespaces as readonly string[]).includes(child.namespace)) ?? []
}

/** First element at the end of a path of local names. */
export function at(node: XmlNode | undefined, ...path: readonly string[]): XmlNode | undefined {
  let current = node
  for (const local of path) current = childrenOf(current, local)[0]
  return current
}

export function textAt(node: XmlNode | undefined, ...path: readonly string[]): string | undefined {
  const found = at(node, ...path)
  return found === undefined ? undefined : trimXml(found.text)
}

export function attributeOf(node: XmlNode | undefined, name: string): string | undefined {
  return node?.attributes.find((attribute) => attribute.name === name && attribute.namespace === '')?.value
}

export function isSimplified(invoice: XmlNode): boolean {
  return attributeOf(at(invoice, 'InvoiceTypeCode'), 'name')?.startsWith('02') === true
}

/** An additional document reference by its id: ICV, PIH. */
export function referenceOf(invoice: XmlNode, id: string): XmlNode | undefined {
  return childrenOf(invoice, 'AdditionalDocumentReference').find((reference) => textAt(reference, 'ID') === id)
}

/** What the QR code repeats. */
export interface InvoiceFacts {
  readonly sellerName: string
  readonly vatNumber: string
  readonly issueDate: string
  readonly issueTime: string
  readonly total: string
  readonly vatTotal: string
}

export function invoiceFacts(invoice: XmlNode): InvoiceFacts {
  const seller = at(invoice, 'AccountingSupplierParty', 'Party')
  return {
    sellerName: textAt(seller, 'PartyLegalEntity', 'RegistrationName') ?? '',
    vatNumber: textAt(seller, 'PartyTaxScheme', 'CompanyID') ?? '',
    issueDate: textAt(invoice, 'IssueDate') ?? '',
    issueTime: textAt(invoice, 'IssueTime') ?? '',
    total: textAt(invoice, 'LegalMonetaryTotal', 'PayableAmount') ?? '',
    vatTotal: textAt(invoice, 'TaxTotal', 'TaxAmount') ?? '',
  }
}
