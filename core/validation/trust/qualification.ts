import type { Certificate } from '../certificate/certificate.js'

/** Outcome of ETSI TS 119 615 for one signature. */
export interface Qualification {
  /** `QESig`, `QESeal`, `AdESig-QC`, `AdESeal-QC`, `AdESig`, `AdESeal`, `AdES`, `not-determined`. */
  readonly level: string
  /** Trust service of a trusted list the path ends in: its name, provider, territory and status at that time. */
  readonly service: { readonly name: string; readonly provider: string; readonly territory: string; readonly status: string } | null
  /** What the certificate itself states (QCStatements). */
  readonly statements: readonly string[]
}

/** Answers what a path is worth by the trusted lists at hand. */
export interface Qualifier {
  /** @param chain leaf first, ended by its anchor @param at best signature time */
  qualify(chain: readonly Certificate[], at: Date): Qualification
  /** `QTSA` when a granted qualified time stamp service stands in the chain at that time, else `TSA`. */
  qualifyTimeStamp(chain: readonly Certificate[], at: Date): Qualification
  /**
   * Whether a listed certificate may end a path at that time: one of its services was granted (before the regulation: supervised or
   * accredited), or recognised at national level. Undefined: on no list.
   */
  anchorStands(anchor: Certificate, at: Date): boolean | undefined
}
