/**
 * A trusted list (ETSI TS 119 612) as plain data: what the decision on a signature needs, and nothing of the XML.
 * Versions 5 (v2.1.1, v2.2.1) and 6 (v2.3.1) of the format read alike.
 */
export interface TrustList {
  readonly version: number
  readonly sequence: number
  /** Scheme territory: `BG`; `EU` for the list of the lists. */
  readonly territory: string
  /** Names by language: `{ en: 'Communications Regulation Commission' }`. */
  readonly operator: Names
  /** URI of clause 5.3.3. */
  readonly type: string
  readonly issuedAt: Date
  /** Null: a closed list, which ends no more. */
  readonly nextUpdate: Date | null
  readonly pointers: readonly TrustListPointer[]
  readonly services: readonly TrustService[]
}

/** A name by language tag, lower case. */
export type Names = Readonly<Record<string, string>>

/** Where another list lies and who may sign it (clause 5.3.13). */
export interface TrustListPointer {
  readonly location: string
  readonly territory: string
  readonly mimeType: string
  readonly type: string
  /** DER. */
  readonly signers: readonly Buffer[]
}

/** One trust service with all it ever was (clauses 5.5 and 5.6). */
export interface TrustService {
  readonly provider: Names
  readonly territory: string
  readonly identity: ServiceIdentity
  /** Newest first; each ends where the next newer one begins. */
  readonly periods: readonly ServicePeriod[]
}

/** What a certificate of the service is known by (clause 5.5.3): any of them. */
export interface ServiceIdentity {
  /** DER. */
  readonly certificates: readonly Buffer[]
  /** subjectKeyIdentifier, lower-case hex. */
  readonly keyIdentifiers: readonly string[]
}

/** A service in one of its states, now or in its history (ETSI TS 119 612, clauses 5.5 and 5.6). */
export interface ServicePeriod {
  readonly name: Names
  /** URI of clause 5.5.1: `http://uri.etsi.org/TrstSvc/Svctype/CA/QC`. */
  readonly type: string
  /** Last part of the status URI: `granted`. */
  readonly status: string
  readonly from: Date
  /** Null: until now. */
  readonly to: Date | null
  /** Last parts of additionalServiceInformation URIs (clause 5.5.9.4): `ForeSignatures`. */
  readonly additional: readonly string[]
  readonly qualifications: readonly QualificationElement[]
  /** A critical extension that this code does not know: nothing may be concluded from the period (clause 5.5.9). */
  readonly unknownCriticalExtension: boolean
}

/** Certificates that meet the criteria get the qualifiers (clause 5.5.9.2). */
export interface QualificationElement {
  /** Last parts of their URIs: `QCWithQSCD`. */
  readonly qualifiers: readonly string[]
  readonly criteria: Criteria
}

/** Which certificates a qualification is for (ETSI TS 119 612, clause 5.5.9.2.2). */
export type Criteria =
  | { readonly kind: 'list'; readonly assert: 'all' | 'atLeastOne' | 'none'; readonly members: readonly Criteria[] }
  /** Every named bit has the given value. */
  | { readonly kind: 'key-usage'; readonly bits: readonly { readonly bit: number; readonly value: boolean }[] }
  /** Every policy is in the certificate. */
  | { readonly kind: 'policies'; readonly oids: readonly string[] }
  /** Every usage is in the certificate. */
  | { readonly kind: 'extended-key-usage'; readonly oids: readonly string[] }
  /** Every attribute type is in the subject. */
  | { readonly kind: 'subject-attributes'; readonly oids: readonly string[] }
  /** Not known to this code: never met, and whoever depends on it is told. */
  | { readonly kind: 'unknown' }

/** The period a service was in at a time; undefined before it began. */
export function periodAt(service: TrustService, at: Date): ServicePeriod | undefined {
  return service.periods.find((period) => period.from <= at)
}

/** A name in the wanted language, else English, else any. */
export function nameIn(names: Names, language: string): string {
  return names[language] ?? names['en'] ?? Object.values(names)[0] ?? ''
}
