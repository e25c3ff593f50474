/** Baseline levels of PAdES (ETSI EN 319 142-1 clause 6): plain, time-stamped, with validation data, with archive time stamp. */
export type PdfLevel = 'B' | 'T' | 'LT' | 'LTA'
