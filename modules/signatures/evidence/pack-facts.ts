/** Where things lie in an evidence pack. */
export const packPaths = {
  facts: 'evidence.json',
  readme: 'README.txt',
  document: 'document.pdf',
  certificate: 'certificate-of-completion.pdf',
  eventLog: 'event-log.pdf',
  events: 'events.ndjson',
  original: 'original.pdf',
  chain: 'certificates/seal-chain.der',
} as const

/** What the pack says of itself in `evidence.json`. */
export interface PackFacts {
  readonly format: 'khatm-evidence'
  readonly version: 1
  readonly request: { readonly id: string; readonly number: string; readonly name: string }
  readonly company: { readonly name: string; readonly country: string }
  readonly document: { readonly sha256: string; readonly originalSha256: string | null; readonly frozenSha256: string | null }
  readonly events: { readonly count: number; readonly last: string | null }
  readonly attachments: readonly { readonly signerId: string; readonly fieldId: string; readonly name: string; readonly sha256: string }[]
  readonly signatures: readonly object[]
  readonly consents: readonly object[]
}
