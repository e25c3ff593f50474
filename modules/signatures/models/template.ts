import { z } from 'zod'
import { locales, type Locale } from '../../../core/i18n/locale.js'
import { type PageShape, type TemplateField } from './field.js'
import { type TemplateRole } from './role.js'

const perLanguage = z.partialRecord(z.enum(locales), z.string().max(50_000))

/** A merge field: `{{employee.name}}` in the text, filled when a request is made. */
export const mergeField = z
  .object({
    name: z.string().regex(/^[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*){0,3}$/),
    label: perLanguage,
    type: z.enum(['text', 'number', 'money', 'date']).default('text'),
    required: z.boolean().default(true),
    /** ISO currency of an amount; the company's unless told. */
    currency: z.string().length(3).optional(),
  })
  .strict()
export type MergeField = z.infer<typeof mergeField>

/** A text written here. One language, or two side by side whose clauses stay level. Bodies are Markdown with merge fields. */
export const textContent = z
  .object({
    kind: z.literal('text'),
    /** One or two; the first is the leading one. */
    languages: z.array(z.enum(locales)).min(1).max(2),
    title: perLanguage,
    /** Under the title: parties, date. */
    preamble: perLanguage.default({}),
    clauses: z.array(z.object({ heading: perLanguage.default({}), body: perLanguage }).strict()).max(300),
    /** Which text prevails where they differ, said at the end. */
    prevailing: z.enum(locales).optional(),
    mergeFields: z.array(mergeField).max(200).default([]),
  })
  .strict()
export type TextContent = z.infer<typeof textContent>
export type TextContentInput = z.input<typeof textContent>

/** What a version is made of. The PDF of an uploaded file is stored as it came and never rewritten. */
export type TemplateContent =
  | { readonly kind: 'pdf'; readonly fileName: string }
  | { readonly kind: 'docx'; readonly fileName: string; readonly sourceSha256: string }
  | TextContent

export interface TemplateVersion {
  readonly id: string
  readonly templateId: string
  readonly templateName: string
  /** From 1. A version that a request uses is never changed again. */
  readonly number: number
  readonly content: TemplateContent
  /** Content address of the PDF; null for a text, which is rendered with the values of each request. */
  readonly pdfSha256: string | null
  readonly pages: readonly PageShape[]
  readonly roles: readonly TemplateRole[]
  readonly fields: readonly TemplateField[]
  /** True once a request was made from it. */
  readonly used: boolean
  /** Rises with every save: who saves tells the one he read, so that two who edit at once are told. */
  readonly revision: number
  /** Who made the version; empty when the host did. */
  readonly createdByName: string
  readonly createdAt: Date
}

export interface Template {
  readonly id: string
  readonly name: string
  /** Made by uploading a file for one request; not listed. */
  readonly single: boolean
  readonly locale: Locale
  readonly active: boolean
  /** The newest version: what a new request is made from. */
  readonly current: TemplateVersion
  readonly externalId: string | null
  readonly createdAt: Date
}
