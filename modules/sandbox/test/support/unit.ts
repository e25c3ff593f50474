import { execFile, execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { XmlC14NMode, XmlDocument } from 'libxml2-wasm'

/** Where tests write what openssl reads. */
export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'khatm-sandbox-'))
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true })
    },
  }
}

export function openssl(folder: string, ...args: string[]): string {
  return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The same, also when it fails: both outputs together. */
export function opensslSays(folder: string, ...args: string[]): string {
  try {
    return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'stdout' in error && 'stderr' in error)
      return `${String(error.stdout)}${String(error.stderr)}`
    throw error
  }
}

/** For commands that call the sandbox in this very process: the event loop must go on meanwhile. */
export function opensslAsks(folder: string, ...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('openssl', args, { cwd: folder, encoding: 'utf8', timeout: 20_000 }, (_error, stdout, stderr) => {
      resolve(`${stderr}${stdout}`)
    })
  })
}

export interface UnitOptions {
  readonly vatNumber?: string
  readonly invoiceTypes?: string
  readonly template?: string
  readonly curve?: string
  readonly organisationUnit?: string
  readonly serialNumber?: string
}

/** A taxpayer's unit whose request is made by openssl, not by the code under test. */
export class TestUnit {
  readonly key: KeyObject
  readonly csr: string
  readonly spki: Buffer
  readonly vatNumber: string
  counter = 0
  previousHash = 'NWZlY2ViNjZmZmM4NmYzOGQ5NTI3ODZjNmQ2OTZjNzljMmRiYzIzOWRkNGU5MWI0NjcyOWQ3M2EyN2ZiNTdlOQ=='
  certificate = Buffer.alloc(0)

  constructor(folder: string, options: UnitOptions = {}) {
    const name = randomUUID()
    this.vatNumber = options.vatNumber ?? '399999999900003'
    openssl(folder, 'ecparam', '-name', options.curve ?? 'secp256k1', '-genkey', '-noout', '-out', `${name}.key`)
    writeFileSync(
      join(folder, `${name}.cnf`),
      [
        '[req]\nprompt=no\nutf8=yes\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\nC=SA',
        `OU=${options.organisationUnit ?? 'Riyadh Branch'}\nO=Maximum Speed Tech Supply LTD\nCN=TST-886431145-${this.vatNumber}`,
        `[ext]\n1.3.6.1.4.1.311.20.2=ASN1:PRINTABLESTRING:${options.template ?? 'TSTZATCA-Code-Signing'}\nsubjectAltName=dirName:alt`,
        `[alt]\nSN=${options.serialNumber ?? '1-TST|2-TST|3-ed22f1d8-e6a2-1118-9b58-d9a8f11e445f'}\nUID=${this.vatNumber}\ntitle=${options.invoiceTypes ?? '1100'}`,
        'registeredAddress=RRRD2929\nbusinessCategory=Supply activities\n',
      ].join('\n'),
    )
    openssl(folder, 'req', '-new', '-sha256', '-key', `${name}.key`, '-config', `${name}.cnf`, '-out', `${name}.csr`)
    this.key = createPrivateKey(readFileSync(join(folder, `${name}.key`)))
    this.csr = readFileSync(join(folder, `${name}.csr`), 'utf8')
    this.spki = createPublicKey(this.key).export({ type: 'spki', format: 'der' })
  }

  /** binarySecurityToken: base64 of base64. */
  adopt(token: string): void {
    this.certificate = Buffer.from(Buffer.from(token, 'base64').toString('ascii'), 'base64')
  }
}

export interface InvoiceOptions {
  readonly simplified?: boolean
  readonly type?: '388' | '381' | '383'
  readonly lines?: number
  /** Takes a place in the unit's chain; default true. */
  readonly chained?: boolean
  readonly counter?: number
  readonly previousHash?: string
  readonly uuid?: string
  /** Last change to the unsigned XML. */
  readonly change?: (xml: string) => string
  /** Change after stamping: tampering. */
  readonly tamper?: (xml: string) => string
  readonly stamped?: boolean
  readonly now?: Date
}

export interface TestInvoice {
  readonly xml: string
  readonly hash: string
  readonly uuid: string
  readonly counter: number
  readonly body: { readonly invoiceHash: string; readonly uuid: string; readonly invoice: string }
}

const ubl = 'urn:oasis:names:specification:ubl'
const xmldsig = 'http://www.w3.org/2000/09/xmldsig#'
const sha256Uri = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** Builds and stamps one invoice in the way of the authority's own toolkit. */
export function invoice(unit: TestUnit, options: InvoiceOptions = {}): TestInvoice {
  const chained = options.chained ?? true
  const counter = options.counter ?? unit.counter + 1
  const previousHash = options.previousHash ?? unit.previousHash
  const uuid = options.uuid ?? randomUUID()
  const unsigned = (options.change ?? ((xml) => xml))(body(unit, options, counter, previousHash, uuid))
  const hash = createHash('sha256').update(canonical(unsigned)).digest('base64')
  const complete = options.stamped === false ? unsigned : stamp(unit, unsigned, hash, options)
  const xml = (options.tamper ?? ((text) => text))(complete)
  if (chained) {
    unit.counter = counter
    unit.previousHash = hash
  }
  return { xml, hash, uuid, counter, body: { invoiceHash: hash, uuid, invoice: Buffer.from(xml).toString('base64') } }
}

function canonical(xml: string): string {
  const document = XmlDocument.fromString(xml)
  try {
    return document.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_1_1 })
  } finally {
    document.dispose()
  }
}

const money = (amount: number): string => amount.toFixed(2)

function body(unit: TestUnit, options: InvoiceOptions, counter: number, previousHash: string, uuid: string): string {
  const type = options.type ?? '388'
  const simplified = options.simplified ?? true
  const lines = options.lines ?? 1
  const riyadh = new Date((options.now ?? new Date()).getTime() + 3 * 3_600_000 - 60_000).toISOString()
  const net = 100 * lines
  const vat = 15 * lines
  const scheme = '<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>'
  const address =
    '<cac:PostalAddress><cbc:StreetName>الامير سلطان</cbc:StreetName><cbc:BuildingNumber>2322</cbc:BuildingNumber>' +
    '<cbc:CitySubdivisionName>المربع</cbc:CitySubdivisionName><cbc:CityName>الرياض</cbc:CityName><cbc:PostalZone>23333</cbc:PostalZone>' +
    '<cac:Country><cbc:IdentificationCode>SA</cbc:IdentificationCode></cac:Country></cac:PostalAddress>'
  const party = (id: string, vatNumber: string, name: string): string =>
    `<cac:Party><cac:PartyIdentification><cbc:ID schemeID="CRN">${id}</cbc:ID></cac:PartyIdentification>${address}` +
    `<cac:PartyTaxScheme><cbc:CompanyID>${vatNumber}</cbc:CompanyID>${scheme}</cac:PartyTaxScheme>` +
    `<cac:PartyLegalEntity><cbc:RegistrationName>${name}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>`
  const sar = (name: string, amount: number): string => `<cbc:${name} currencyID="SAR">${money(amount)}</cbc:${name}>`
  const line = (number: number): string =>
    `<cac:InvoiceLine><cbc:ID>${number}</cbc:ID><cbc:InvoicedQuantity unitCode="PCE">2.000000</cbc:InvoicedQuantity>${sar('LineExtensionAmount', 100)}` +
    `<cac:TaxTotal>${sar('TaxAmount', 15)}${sar('RoundingAmount', 115)}</cac:TaxTotal><cac:Item><cbc:Name>قلم رصاص</cbc:Name>` +
    `<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>15.00</cbc:Percent>${scheme}</cac:ClassifiedTaxCategory></cac:Item>` +
    `<cac:Price>${sar('PriceAmount', 50)}</cac:Price></cac:InvoiceLine>`
  const note = type === '388' ? '' : '<cbc:InstructionNote>إرجاع بضاعة</cbc:InstructionNote>'
  return (
    `<Invoice xmlns="${ubl}:schema:xsd:Invoice-2" xmlns:cac="${ubl}:schema:xsd:CommonAggregateComponents-2" ` +
    `xmlns:cbc="${ubl}:schema:xsd:CommonBasicComponents-2" xmlns:ext="${ubl}:schema:xsd:CommonExtensionComponents-2">\n` +
    `<cbc:ProfileID>reporting:1.0</cbc:ProfileID><cbc:ID>INV-${counter}</cbc:ID><cbc:UUID>${uuid}</cbc:UUID>` +
    `<cbc:IssueDate>${riyadh.slice(0, 10)}</cbc:IssueDate><cbc:IssueTime>${riyadh.slice(11, 19)}</cbc:IssueTime>` +
    `<cbc:InvoiceTypeCode name="${simplified ? '0200000' : '0100000'}">${type}</cbc:InvoiceTypeCode>` +
    '<cbc:DocumentCurrencyCode>SAR</cbc:DocumentCurrencyCode><cbc:TaxCurrencyCode>SAR</cbc:TaxCurrencyCode>' +
    (type === '388'
      ? ''
      : '<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>INV-1</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>') +
    `<cac:AdditionalDocumentReference><cbc:ID>ICV</cbc:ID><cbc:UUID>${counter}</cbc:UUID></cac:AdditionalDocumentReference>` +
    '<cac:AdditionalDocumentReference><cbc:ID>PIH</cbc:ID><cac:Attachment>' +
    `<cbc:EmbeddedDocumentBinaryObject mimeCode="text/plain">${previousHash}</cbc:EmbeddedDocumentBinaryObject>` +
    '</cac:Attachment></cac:AdditionalDocumentReference>' +
    `<cac:AccountingSupplierParty>${party('1010010000', unit.vatNumber, 'شركة توريد التكنولوجيا')}</cac:AccountingSupplierParty>` +
    `<cac:AccountingCustomerParty>${simplified ? '' : party('1010010001', '399999999800003', 'شركة نماذج فاتورة')}</cac:AccountingCustomerParty>` +
    (simplified ? '' : `<cac:Delivery><cbc:ActualDeliveryDate>${riyadh.slice(0, 10)}</cbc:ActualDeliveryDate></cac:Delivery>`) +
    `<cac:PaymentMeans><cbc:PaymentMeansCode>10</cbc:PaymentMeansCode>${note}</cac:PaymentMeans>` +
    `<cac:TaxTotal>${sar('TaxAmount', vat)}</cac:TaxTotal><cac:TaxTotal>${sar('TaxAmount', vat)}<cac:TaxSubtotal>${sar('TaxableAmount', net)}` +
    `${sar('TaxAmount', vat)}<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>15.00</cbc:Percent>${scheme}</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>` +
    `<cac:LegalMonetaryTotal>${sar('LineExtensionAmount', net)}${sar('TaxExclusiveAmount', net)}${sar('TaxInclusiveAmount', net + vat)}` +
    `${sar('PrepaidAmount', 0)}${sar('PayableAmount', net + vat)}</cac:LegalMonetaryTotal>` +
    Array.from({ length: lines }, (_, index) => line(index + 1)).join('') +
    '</Invoice>'
  )
}

function stamp(unit: TestUnit, unsigned: string, hash: string, options: InvoiceOptions): string {
  const certificate = new X509Certificate(unit.certificate)
  const certificateText = unit.certificate.toString('base64')
  const signature = sign('sha256', Buffer.from(hash, 'base64'), unit.key)
  const hex64 = (text: string): string => Buffer.from(createHash('sha256').update(text).digest('hex')).toString('base64')
  const issuer = certificate.issuer.split('\n').reverse().join(', ')
  const signingTime = new Date((options.now ?? new Date()).getTime() + 3 * 3_600_000).toISOString().slice(0, 19)
  const properties = (xades: string, ds: string): string =>
    `<xades:SignedProperties${xades} Id="xadesSignedProperties">
    <xades:SignedSignatureProperties>
        <xades:SigningTime>${signingTime}</xades:SigningTime>
        <xades:SigningCertificate><xades:Cert><xades:CertDigest><ds:DigestMethod${ds} Algorithm="${sha256Uri}"/><ds:DigestValue${ds}>${hex64(certificateText)}</ds:DigestValue></xades:CertDigest>
        <xades:IssuerSerial><ds:X509IssuerName${ds}>${issuer}</ds:X509IssuerName><ds:X509SerialNumber${ds}>${BigInt(`0x${certificate.serialNumber}`)}</ds:X509SerialNumber></xades:IssuerSerial></xades:Cert></xades:SigningCertificate>
    </xades:SignedSignatureProperties>
</xades:SignedProperties>`
  const digest = hex64(properties(' xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"', ` xmlns:ds="${xmldsig}"`))
  const extensions =
    `<ext:UBLExtensions><ext:UBLExtension><ext:ExtensionURI>${ubl}:dsig:enveloped:xades</ext:ExtensionURI><ext:ExtensionContent>` +
    `<sig:UBLDocumentSignatures xmlns:sig="${ubl}:schema:xsd:CommonSignatureComponents-2" xmlns:sac="${ubl}:schema:xsd:SignatureAggregateComponents-2" xmlns:sbc="${ubl}:schema:xsd:SignatureBasicComponents-2">` +
    `<sac:SignatureInformation><cbc:ID>${ubl}:signature:1</cbc:ID><sbc:ReferencedSignatureID>${ubl}:signature:Invoice</sbc:ReferencedSignatureID>` +
    `<ds:Signature xmlns:ds="${xmldsig}" Id="signature"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>` +
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>' +
    `<ds:Reference Id="invoiceSignedData" URI=""><ds:DigestMethod Algorithm="${sha256Uri}"/><ds:DigestValue>${hash}</ds:DigestValue></ds:Reference>` +
    `<ds:Reference Type="${xmldsig}SignatureProperties" URI="#xadesSignedProperties"><ds:DigestMethod Algorithm="${sha256Uri}"/><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>` +
    `<ds:SignatureValue>${signature.toString('base64')}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificateText}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
    `<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="signature">${properties('', '')}</xades:QualifyingProperties></ds:Object>` +
    '</ds:Signature></sac:SignatureInformation></sig:UBLDocumentSignatures></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>'
  const qr =
    '<cac:AdditionalDocumentReference><cbc:ID>QR</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode="text/plain">' +
    `${qrText(unit, unsigned, hash, signature.toString('base64'))}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>` +
    `<cac:Signature><cbc:ID>${ubl}:signature:Invoice</cbc:ID><cbc:SignatureMethod>${ubl}:dsig:enveloped:xades</cbc:SignatureMethod></cac:Signature>`
  return unsigned
    .replace('>\n<cbc:ProfileID>', `>${extensions}\n<cbc:ProfileID>`)
    .replace('<cac:AccountingSupplierParty>', `${qr}<cac:AccountingSupplierParty>`)
}

function qrText(unit: TestUnit, xml: string, hash: string, signature: string): string {
  const text = (pattern: RegExp): string => pattern.exec(xml)?.[1] ?? ''
  const fields = [
    Buffer.from(text(/<cbc:RegistrationName>([^<]*)</)),
    Buffer.from(text(/<cbc:CompanyID>([^<]*)</)),
    Buffer.from(`${text(/<cbc:IssueDate>([^<]*)</)}T${text(/<cbc:IssueTime>([^<]*)</)}`),
    Buffer.from(text(/<cbc:PayableAmount[^>]*>([^<]*)</)),
    Buffer.from(text(/<cac:TaxTotal><cbc:TaxAmount[^>]*>([^<]*)</)),
    Buffer.from(hash),
    Buffer.from(signature),
    unit.spki,
    signatureOfCertificate(unit.certificate),
  ]
  return Buffer.concat(
    fields.map((field, index) =>
      Buffer.concat([Buffer.from(field.length < 128 ? [index + 1, field.length] : [index + 1, 0x81, field.length]), field]),
    ),
  ).toString('base64')
}

/** Last BIT STRING of the certificate, found by its length from the end. */
function signatureOfCertificate(der: Buffer): Buffer {
  for (let length = 68; length <= 73; length++) {
    const start = der.length - length
    if (
      der[start] === 0x30 &&
      der[start + 1] === length - 2 &&
      der[start - 1] === 0 &&
      der[start - 2] === length + 1 &&
      der[start - 3] === 3
    )
      return der.subarray(start)
  }
  throw new Error('no ECDSA signature at the end of the certificate')
}

/** Calls the authority as a client would. */
export class FatooraClient {
  constructor(
    readonly base: string,
    public credentials = '',
  ) {}

  use(token: string, secret: string): void {
    this.credentials = Buffer.from(`${token}:${secret}`).toString('base64')
  }

  async call(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    method = 'POST',
  ): Promise<{ status: number; body: Reply; response: Response }> {
    const response = await fetch(`${this.base}/${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'Accept-Version': 'V2',
        'Accept-Language': 'en',
        'Content-Type': 'application/json',
        Accept: 'application/json',
        ...(this.credentials === '' ? {} : { Authorization: `Basic ${this.credentials}` }),
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    // The authority's answers are looked at member by member below; a test that reads a missing one fails on undefined.
    const parsed = text.startsWith('{') ? (JSON.parse(text) as Reply) : {}
    return { status: response.status, body: parsed, response }
  }

  report(one: TestInvoice): ReturnType<FatooraClient['call']> {
    return this.call('invoices/reporting/single', one.body, { 'Clearance-Status': '0' })
  }

  clear(one: TestInvoice): ReturnType<FatooraClient['call']> {
    return this.call('invoices/clearance/single', one.body, { 'Clearance-Status': '1' })
  }
}

export interface Reply {
  readonly requestID?: number
  readonly dispositionMessage?: string
  readonly binarySecurityToken?: string
  readonly secret?: string
  readonly code?: string
  readonly message?: string
  readonly reportingStatus?: string | null
  readonly clearanceStatus?: string | null
  readonly clearedInvoice?: string | null
  readonly validationResults?: {
    readonly status: string
    readonly infoMessages: readonly { code: string }[]
    readonly warningMessages: readonly { code: string; category: string }[]
    readonly errorMessages: readonly { code: string; category: string; message: string; status: string; type: string }[]
  }
}

export function errorsOf(reply: Reply): string[] {
  return reply.validationResults?.errorMessages.map((message) => message.code) ?? []
}

/** CSR to production CSID with the compliance checks of the unit's document types. */
export async function onboard(
  client: FatooraClient,
  unit: TestUnit,
  checks: readonly ('standard' | 'simplified')[] = ['standard', 'simplified'],
): Promise<void> {
  const compliance = await client.call('compliance', { csr: Buffer.from(unit.csr).toString('base64') }, { OTP: '123345' })
  if (compliance.status !== 200) throw new Error(`compliance: ${compliance.status} ${JSON.stringify(compliance.body)}`)
  client.use(compliance.body.binarySecurityToken ?? '', compliance.body.secret ?? '')
  unit.adopt(compliance.body.binarySecurityToken ?? '')
  for (const check of checks)
    for (const type of ['388', '383', '381'] as const) {
      const answer = await client.call(
        'compliance/invoices',
        invoice(unit, { simplified: check === 'simplified', type, chained: false, counter: 1 }).body,
      )
      if (answer.status !== 200) throw new Error(`compliance/invoices ${check} ${type}: ${JSON.stringify(answer.body)}`)
    }
  const production = await client.call('production/csids', { compliance_request_id: String(compliance.body.requestID) })
  if (production.status !== 200) throw new Error(`production: ${production.status} ${JSON.stringify(production.body)}`)
  client.use(production.body.binarySecurityToken ?? '', production.body.secret ?? '')
  unit.adopt(production.body.binarySecurityToken ?? '')
}
