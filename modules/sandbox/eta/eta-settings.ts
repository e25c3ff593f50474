/** What can be turned for trials. */
export interface EtaSettings {
  /** Between taking a document and its verdict. */
  decisionMs: number
  /** Workflow parameters of the document types, in hours. */
  cancellationHours: number
  rejectionHours: number
  /** Other hours to cancel for single document types: `{ c: 1 }`. */
  cancellationHoursOf: Readonly<Record<string, number>>
  /** Codes wait for the authority's staff; or are approved at once. */
  approveCodes: boolean
  /** The search shows documents only so long after they were taken. */
  searchDelayMs: number
  /** So long the same documents are refused a second time; afterwards they would be taken again. */
  duplicateMinutes: number
  /** Larger submissions are refused as a whole: characters of the body. */
  maximumCharacters: number
}

export const etaDefaults: Readonly<EtaSettings> = {
  decisionMs: 200,
  cancellationHours: 72,
  rejectionHours: 72,
  cancellationHoursOf: {},
  approveCodes: false,
  searchDelayMs: 0,
  duplicateMinutes: 10,
  maximumCharacters: 5 * 1024 * 1024,
}
