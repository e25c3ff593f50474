import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { meets } from './criteria.js'
import { readQualifiedStatements, type CertificateUse, type QualifiedStatements } from './qc-statements.js'
import type { Qualification, Qualifier } from './qualification.js'
import { nameIn, periodAt, type ServicePeriod, type TrustList, type TrustService } from './trust-list.js'

const serviceType = {
  qualifiedCertificates: 'http://uri.etsi.org/TrstSvc/Svctype/CA/QC',
  qualifiedTimeStamps: 'http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST',
} as const

/** Regulation (EU) 910/2014 applies from then on (article 52). */
const regulationApplies = new Date('2016-06-30T22:00:00Z')

/** Statuses that let a service issue qualified certificates, before and under the regulation (TS 119 615 clause 4.4). */
const statusesBefore = new Set(['undersupervision', 'supervisionincessation', 'accredited', 'granted'])
const statusesUnder = new Set(['granted'])

/** QCP public and QCP public + SSCD of TS 101 456: what qualified certificates before the regulation may carry alone. */
const policyBefore = { qualified: '0.4.0.1456.1.2', withDevice: '0.4.0.1456.1.1' } as const

/** National services outside the regulation: no quality follows from them, but their paths may end there. */
const recognised = 'recognisedatnationallevel'

const usesByAdditional: Readonly<Record<CertificateUse, string>> = {
  esign: 'ForeSignatures',
  eseal: 'ForeSeals',
  web: 'ForWebSiteAuthentication',
}

interface Listed {
  readonly service: TrustService
  /** Key of every certificate of the service: subject name and public key. */
  readonly keys: ReadonlySet<string>
}

/** A service in the period that counts. */
interface Standing {
  readonly service: TrustService
  readonly period: ServicePeriod
}

/** What is certain of a certificate at one time (TS 119 615 clause 4.4 to 4.6). */
interface Determination {
  readonly qualified: boolean
  readonly device: boolean
  readonly use: CertificateUse | null
  readonly standing: Standing | undefined
}

/** Answers by the given lists, each of which was checked before. */
export function createQualifier(lists: readonly TrustList[]): Qualifier {
  const listed = lists.flatMap((list) => list.services.map((service) => ({ service, keys: keysOf(service) })))
  return {
    qualify(chain, at): Qualification {
      const [leaf] = chain
      if (leaf === undefined) return { level: 'not-determined', service: null, statements: [] }
      const statements = readQualifiedStatements(leaf)
      const atIssue = determine(listed, chain, leaf, statements, leaf.notBefore)
      const atSigning = determine(listed, chain, leaf, statements, at)
      const { use } = atSigning
      // Qualified then and qualified now: a service withdrawn in between takes the quality with it (clause 4.6).
      const qualified = atIssue.qualified && atSigning.qualified && (use === 'esign' || use === 'eseal') && atIssue.use === use
      return {
        level: levelOf(qualified, atSigning.device, use),
        service: describe(atSigning.standing ?? atIssue.standing),
        statements: namesOf(statements),
      }
    },
    qualifyTimeStamp(chain, at): Qualification {
      const standing = standingsOf(listed, chain, serviceType.qualifiedTimeStamps, at).find(({ period }) => period.status === 'granted')
      return { level: standing === undefined ? 'TSA' : 'QTSA', service: describe(standing), statements: [] }
    },
    anchorStands(anchor, at): boolean | undefined {
      const key = keyOf(anchor)
      const services = listed.filter(({ keys }) => keys.has(key))
      if (services.length === 0) return undefined
      const statuses = at >= regulationApplies ? statusesUnder : statusesBefore
      return services.some(({ service }) => {
        const period = periodAt(service, at)
        return period !== undefined && (statuses.has(period.status) || period.status === recognised)
      })
    },
  }
}

function levelOf(qualified: boolean, device: boolean, use: CertificateUse | null): string {
  if (use === null || use === 'web') return 'AdES'
  const kind = use === 'eseal' ? 'Seal' : 'Sig'
  if (!qualified) return `AdE${kind}`
  return device ? `QE${kind}` : `AdE${kind}-QC`
}

function determine(
  listed: readonly Listed[],
  chain: readonly Certificate[],
  leaf: Certificate,
  statements: QualifiedStatements,
  at: Date,
): Determination {
  const underRegulation = at >= regulationApplies
  const own = ownUse(statements, leaf)
  const standings = standingsOf(listed, chain, serviceType.qualifiedCertificates, at)
  const statuses = underRegulation ? statusesUnder : statusesBefore
  const good = standings.filter(({ period }) => statuses.has(period.status) && !period.unknownCriticalExtension)
  const [first] = standings
  if (good.length === 0) return { qualified: false, device: statements.device, use: own, standing: first }
  const determinations = good.map((standing) => byService(standing, leaf, statements, own, underRegulation))
  // Two services that answer differently leave the question open, which is no (clause 4.4.4, conflicting results).
  const [one, ...others] = determinations
  const agree = one !== undefined && others.every((other) => other.qualified === one.qualified && other.use === one.use)
  if (one === undefined || !agree) return { qualified: false, device: false, use: own, standing: first }
  return { ...one, device: determinations.every((determination) => determination.device) }
}

function byService(
  standing: Standing,
  leaf: Certificate,
  statements: QualifiedStatements,
  own: CertificateUse | null,
  underRegulation: boolean,
): Determination {
  const { period } = standing
  const qualifiers = new Set(
    period.qualifications.filter((element) => meets(leaf, element.criteria)).flatMap((element) => element.qualifiers),
  )
  const use = useOf(qualifiers, own)
  const claimed =
    (statements.compliance && statements.legislation.length === 0) ||
    (!underRegulation && [policyBefore.qualified, policyBefore.withDevice].some((policy) => statements.policies.includes(policy)))
  const named = qualifiers.has('QCStatement')
  const denied = qualifiers.has('NotQualified')
  const covered = !underRegulation || (use !== null && period.additional.includes(usesByAdditional[use]))
  return {
    qualified: !denied && (claimed || named) && covered,
    device: deviceOf(qualifiers, statements, underRegulation),
    use,
    standing,
  }
}

function useOf(qualifiers: ReadonlySet<string>, own: CertificateUse | null): CertificateUse | null {
  const said: CertificateUse[] = []
  if (qualifiers.has('QCForESig')) said.push('esign')
  if (qualifiers.has('QCForESeal') || qualifiers.has('QCForLegalPerson')) said.push('eseal')
  if (qualifiers.has('QCForWSA')) said.push('web')
  const [first, second] = said
  return first !== undefined && second === undefined ? first : said.length > 1 ? null : own
}

function deviceOf(qualifiers: ReadonlySet<string>, statements: QualifiedStatements, underRegulation: boolean): boolean {
  const yes = qualifiers.has('QCWithQSCD') || qualifiers.has('QCWithSSCD')
  const no = qualifiers.has('QCNoQSCD') || qualifiers.has('QCNoSSCD')
  if (yes !== no) return yes
  if (yes && no) return false
  return statements.device || (!underRegulation && statements.policies.includes(policyBefore.withDevice))
}

/** The use the certificate is for by its own word; a qualified one without QcType is for signatures (EN 319 412-5 4.2.3). */
function ownUse(statements: QualifiedStatements, leaf: Certificate): CertificateUse | null {
  const [first, second] = statements.uses
  if (first !== undefined) return second === undefined ? first : null
  if (statements.compliance) return 'esign'
  const person = leaf.subjectAttributes.some(({ oid }) => oid === '2.5.4.4' || oid === '2.5.4.42' || oid === '2.5.4.65')
  const organisation = leaf.subjectAttributes.some(({ oid }) => oid === '2.5.4.97')
  return person ? 'esign' : organisation ? 'eseal' : null
}

/** Services of a type that stand in the chain, nearest to the leaf first, in the period of that time. */
function standingsOf(listed: readonly Listed[], chain: readonly Certificate[], type: string, at: Date): Standing[] {
  // A time stamp unit may be listed itself; an issuer of certificates is never its own leaf.
  const candidates = type === serviceType.qualifiedTimeStamps ? chain : chain.slice(1)
  for (const certificate of candidates) {
    const key = keyOf(certificate)
    const found = listed.flatMap(({ service, keys }) => {
      const period = keys.has(key) ? periodAt(service, at) : undefined
      return period?.type === type ? [{ service, period }] : []
    })
    if (found.length > 0) return found
  }
  return []
}

function keysOf(service: TrustService): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const der of service.identity.certificates) {
    try {
      keys.add(keyOf(readCertificate(der)))
    } catch {
      // Lists carry certificates that no strict reader takes: such a one matches nothing.
    }
  }
  return keys
}

function keyOf(certificate: Certificate): string {
  return `${certificate.subjectKey}|${certificate.spki.toString('base64')}`
}

function describe(standing: Standing | undefined): Qualification['service'] {
  if (standing === undefined) return null
  const { service, period } = standing
  return { name: nameIn(period.name, 'en'), provider: nameIn(service.provider, 'en'), territory: service.territory, status: period.status }
}

function namesOf(statements: QualifiedStatements): string[] {
  return [
    ...(statements.compliance ? ['QcCompliance'] : []),
    ...(statements.device ? ['QcSSCD'] : []),
    ...statements.uses.map((use) => `QcType ${use}`),
    ...statements.legislation.map((country) => `QcCClegislation ${country}`),
    ...(statements.limit === null ? [] : [`QcLimitValue ${statements.limit.amount} ${statements.limit.currency}`]),
  ]
}
