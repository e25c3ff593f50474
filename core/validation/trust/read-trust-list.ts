import { Fault } from '../../i18n/fault.js'
import { toNode, withXml, type XmlNode } from '../../xml/read-xml.js'
import type { ScanLimits } from '../../xml/scan.js'
import { readCriteria } from './read-criteria.js'
import type {
  Names,
  QualificationElement,
  ServiceIdentity,
  ServicePeriod,
  TrustList,
  TrustListPointer,
  TrustService,
} from './trust-list.js'

/** Namespace of ETSI TS 119 612. */
const trustListNamespace = 'http://uri.etsi.org/02231/v2#'

/** The largest list of the Union has about 12 MB; the list of the lists under one. */
const trustListLimits: ScanLimits = { maxBytes: 32 * 1024 * 1024, maxDepth: 64, maxElements: 1_000_000 }

const versions = new Set([5, 6])

/** Extensions a list may mark critical and this code follows (clause 5.5.9). */
const knownExtensions = new Set(['AdditionalServiceInformation', 'Qualifications', 'ExpiredCertsRevocationInfo', 'TakenOverBy'])

/**
 * Reads a trusted list (ETSI TS 119 612). Its signature is not looked at here.
 * @throws Fault TRUST-LIST-MALFORMED, TRUST-LIST-VERSION, XML-…
 */
export function readTrustList(xml: Uint8Array): TrustList {
  const root = withXml(xml, (document) => toNode(document.root), trustListLimits)
  if (root.namespace !== trustListNamespace || root.local !== 'TrustServiceStatusList') throw malformed('TrustServiceStatusList')
  const scheme = need(root, 'SchemeInformation')
  const version = Number(textOf(scheme, 'TSLVersionIdentifier'))
  if (!versions.has(version)) throw new Fault('TRUST-LIST-VERSION', { params: { version: textOf(scheme, 'TSLVersionIdentifier') } })
  const territory = textOf(scheme, 'SchemeTerritory')
  const nextUpdate = find(scheme, 'NextUpdate')
  const until = nextUpdate === undefined ? '' : textOf(nextUpdate, 'dateTime')
  return {
    version,
    sequence: wholeNumber(textOf(scheme, 'TSLSequenceNumber')),
    territory,
    operator: namesOf(find(scheme, 'SchemeOperatorName')),
    type: textOf(scheme, 'TSLType'),
    issuedAt: dateOf(textOf(scheme, 'ListIssueDateTime')),
    nextUpdate: until === '' ? null : dateOf(until),
    pointers: all(find(scheme, 'PointersToOtherTSL'), 'OtherTSLPointer').map(readPointer),
    services: all(find(root, 'TrustServiceProviderList'), 'TrustServiceProvider').flatMap((provider) => readProvider(provider, territory)),
  }
}

function readPointer(pointer: XmlNode): TrustListPointer {
  const facts = all(find(pointer, 'AdditionalInformation'), 'OtherInformation').flatMap((one) => one.children)
  const fact = (local: string): string => facts.find((one) => one.local === local)?.text.trim() ?? ''
  const identities = all(find(pointer, 'ServiceDigitalIdentities'), 'ServiceDigitalIdentity')
  return {
    location: textOf(pointer, 'TSLLocation'),
    territory: fact('SchemeTerritory'),
    mimeType: fact('MimeType'),
    type: fact('TSLType'),
    signers: identities.flatMap((identity) => readIdentity(identity).certificates),
  }
}

function readProvider(provider: XmlNode, territory: string): TrustService[] {
  const names = namesOf(find(need(provider, 'TSPInformation'), 'TSPName'))
  return all(find(provider, 'TSPServices'), 'TSPService').map((service) => readService(service, names, territory))
}

function readService(service: XmlNode, provider: Names, territory: string): TrustService {
  const current = need(service, 'ServiceInformation')
  const earlier = all(find(service, 'ServiceHistory'), 'ServiceHistoryInstance')
  const newestFirst = [current, ...earlier].map(readPeriod).sort((left, right) => right.from.getTime() - left.from.getTime())
  const identities = [current, ...earlier].map((one) => readIdentity(need(one, 'ServiceDigitalIdentity')))
  return {
    provider,
    territory,
    identity: {
      certificates: withoutTwins(identities.flatMap((one) => one.certificates)),
      keyIdentifiers: [...new Set(identities.flatMap((one) => one.keyIdentifiers))],
    },
    periods: newestFirst.map((period, index) => ({ ...period, to: newestFirst[index - 1]?.from ?? null })),
  }
}

function readPeriod(node: XmlNode): ServicePeriod {
  const extensions = all(find(node, 'ServiceInformationExtensions'), 'Extension')
  const inner = (local: string): XmlNode[] => extensions.flatMap((one) => one.children.filter((child) => child.local === local))
  return {
    name: namesOf(find(node, 'ServiceName')),
    type: textOf(node, 'ServiceTypeIdentifier'),
    status: lastPart(textOf(node, 'ServiceStatus')),
    from: dateOf(textOf(node, 'StatusStartingTime')),
    to: null,
    additional: inner('AdditionalServiceInformation').map((one) => lastPart(textOf(one, 'URI'))),
    qualifications: inner('Qualifications').flatMap((one) => all(one, 'QualificationElement').map(readQualification)),
    unknownCriticalExtension: extensions.some(
      (one) =>
        one.attributes.some((attribute) => attribute.name === 'Critical' && /^(?:true|1)$/.test(attribute.value.trim())) &&
        one.children.some((child) => !knownExtensions.has(child.local)),
    ),
  }
}

function readQualification(node: XmlNode): QualificationElement {
  const qualifiers = all(find(node, 'Qualifiers'), 'Qualifier').map((one) =>
    lastPart(one.attributes.find((attribute) => attribute.name === 'uri')?.value.trim() ?? ''),
  )
  return { qualifiers, criteria: readCriteria(need(node, 'CriteriaList')) }
}

function readIdentity(identity: XmlNode): ServiceIdentity {
  const digital = all(identity, 'DigitalId')
  const values = (local: string): Buffer[] =>
    digital.flatMap((one) => all(one, local).map((value) => Buffer.from(value.text.replace(/\s/g, ''), 'base64')))
  return { certificates: values('X509Certificate'), keyIdentifiers: values('X509SKI').map((value) => value.toString('hex')) }
}

function withoutTwins(certificates: readonly Buffer[]): Buffer[] {
  return [...new Map(certificates.map((der) => [der.toString('latin1'), der])).values()]
}

const find = (node: XmlNode | undefined, local: string): XmlNode | undefined => node?.children.find((child) => child.local === local)
const all = (node: XmlNode | undefined, local: string): XmlNode[] => node?.children.filter((child) => child.local === local) ?? []

function need(node: XmlNode, local: string): XmlNode {
  const found = find(node, local)
  if (found === undefined) throw malformed(local)
  return found
}

function textOf(node: XmlNode, local: string): string {
  return find(node, local)?.text.trim() ?? ''
}

function namesOf(node: XmlNode | undefined): Names {
  const names: Record<string, string> = {}
  for (const one of all(node, 'Name')) {
    const language = one.attributes.find((attribute) => attribute.name === 'lang')?.value.toLowerCase() ?? 'en'
    names[language] ??= one.text.trim()
  }
  return names
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw malformed('TSLSequenceNumber')
  return Number(text)
}

function dateOf(text: string): Date {
  const date = new Date(text)
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(date.getTime())) throw malformed('dateTime')
  return date
}

function lastPart(uri: string): string {
  return uri.split('/').findLast((part) => part !== '') ?? ''
}

function malformed(what: string): Fault {
  return new Fault('TRUST-LIST-MALFORMED', { params: { what } })
}
