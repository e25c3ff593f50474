import { z } from 'zod'
import { locales } from '../../../core/i18n/locale.js'
import { employmentCountries } from './employee.js'

export const documentKinds = ['offer', 'contract', 'amendment', 'confidentiality'] as const
export type DocumentKind = (typeof documentKinds)[number]
export function isDocumentKind(value: unknown): value is DocumentKind {
  return typeof value === 'string' && (documentKinds as readonly string[]).includes(value)
}

const perLanguage = z.partialRecord(z.enum(locales), z.string().min(1).max(50_000))
const signatureLevel = z.enum(['simple', 'advanced', 'qualified'])

/**
 * A document of a country as data: the text that a template of signatures is made from (its shape is `textContent` there), and what
 * is known about signing it electronically.
 */
export const contractType = z
  .object({
    country: z.enum(employmentCountries),
    kind: z.enum(documentKinds),
    /** Rises when the text changes: companies get the newer text beside what they edited themselves. */
    version: z.number().int().min(1),
    /** ISO currency of the amounts in the text. */
    currency: z.string().regex(/^[A-Z]{3}$/),
    name: z.object({ ar: z.string(), en: z.string(), bg: z.string() }).strict(),
    languages: z.array(z.enum(locales)).min(1).max(2),
    prevailing: z.enum(locales),
    title: perLanguage,
    preamble: perLanguage,
    clauses: z
      .array(z.object({ heading: perLanguage, body: perLanguage }).strict())
      .min(8)
      .max(30),
    signing: z
      .object({
        /** The document may be signed electronically. */
        electronic: z.boolean(),
        /** Level the law or its regulation asks for; raised to it at sending. */
        required: z.object({ employer: signatureLevel.nullable(), employee: signatureLevel.nullable() }).strict(),
        advised: z.object({ employer: signatureLevel, employee: signatureLevel }).strict(),
        reason: z.object({ ar: z.string(), en: z.string(), bg: z.string() }).strict(),
        status: z.enum(['confirmed', 'UNCONFIRMED']),
        lastChecked: z.iso.date(),
      })
      .strict(),
  })
  .strict()
  .superRefine((type, issues) => {
    const bad = (message: string): void => {
      issues.addIssue({ code: 'custom', message })
    }
    for (const language of type.languages) {
      if (type.title[language] === undefined || type.preamble[language] === undefined) bad(`title and preamble need ${language}`)
      for (const [index, clause] of type.clauses.entries()) {
        if (clause.heading[language] === undefined || clause.body[language] === undefined)
          bad(`clause ${String(index + 1)} needs ${language}`)
      }
    }
    if (!type.languages.includes(type.prevailing)) bad('the prevailing language is one of the languages')
  })
export type ContractType = z.infer<typeof contractType>
