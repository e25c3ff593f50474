import { z } from 'zod'
import type { Locale } from '../../../core/i18n/locale.js'

const localized = z.object({ ar: z.string().min(1), en: z.string().min(1), bg: z.string().min(1) }).strict()

/** Words of consent of one law, as data/consents holds them. A row is never changed: a newer one with a later `from` follows it. */
export const consentRow = z
  .object({
    /** Name in the settings: `eu-eidas`. */
    id: z.string().regex(/^[a-z0-9-]+$/),
    law: localized,
    article: z.string(),
    /** Countries whose companies are shown it when the setting is `auto`. */
    countries: z.array(z.string().length(2)),
    from: z.iso.date(),
    status: z.enum(['confirmed', 'unconfirmed']),
    /** Where the rule was read. */
    source: z.string().min(1),
    lastChecked: z.iso.date(),
    /** Paragraphs above the box. */
    statement: localized,
    /** What must be told before consent: each its own paragraph with a heading. */
    disclosures: z.array(z.object({ id: z.string(), heading: localized, text: localized }).strict()).default([]),
    /** Beside the box that is ticked. */
    agreement: localized,
    /** The signer shows that the file can be opened: a word out of a PDF is typed. */
    accessProof: z.boolean().default(false),
  })
  .strict()
export type ConsentRow = z.infer<typeof consentRow>

/** What a signer consented to, word for word. */
export interface ConsentFacts {
  /** Id of the row. */
  readonly law: string
  /** Day from which the row holds: its version. */
  readonly version: string
  readonly locale: Locale
  /** SHA-256 of the text as it was shown, hex. */
  readonly sha256: string
  /** The text as it was shown. */
  readonly text: string
  /** UTC, ISO 8601. */
  readonly at: string
  /** The word was read out of the PDF. */
  readonly accessProven: boolean
}
