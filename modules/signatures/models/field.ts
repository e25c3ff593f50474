import { z } from 'zod'

/** Kinds of fields; what each takes from a signer is told by `valueShape` in services/values. */
export const fieldTypes = [
  'signature',
  'initials',
  'name',
  'email',
  'phone',
  'company',
  'date',
  'text',
  'multiline',
  'number',
  'checkbox',
  'radio',
  'select',
  'stamp',
  'attachment',
] as const
export type FieldType = (typeof fieldTypes)[number]

/** Role of the fields that nobody fills: the company seal stands in `stamp` fields of it. */
export const companyRole = 'company'

const fraction = z.number().min(0).max(1)

/**
 * A place of a field: fractions of the page as its reader sees it (turned and cropped as it is shown), from its upper left corner.
 * A field may have several (initials on every page, the choices of a radio).
 */
export const fieldArea = z
  .object({
    /** From 1. */
    page: z.number().int().min(1).max(2000),
    x: fraction,
    y: fraction,
    width: fraction,
    height: fraction,
    /** Of a radio: the option that this place stands for. */
    option: z.string().max(200).optional(),
  })
  .strict()
export type FieldArea = z.infer<typeof fieldArea>

export const fieldCondition = z
  .object({
    field: z.string().max(40),
    operator: z.enum(['equals', 'not_equals', 'filled', 'empty', 'checked', 'unchecked', 'greater', 'less']),
    value: z.string().max(500).optional(),
  })
  .strict()
export type FieldCondition = z.infer<typeof fieldCondition>

/** Facts of the signer's contact that a field proposes. */
export const contactLinks = ['name', 'nameAr', 'email', 'phone', 'company', 'address', 'city', 'country', 'nationalId', 'vat'] as const

export const templateField = z
  .object({
    /** Stable within the template, part of the PDF's field name: letters, digits and hyphens. */
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
    type: z.enum(fieldTypes),
    /** Id of the role that fills it; `company` for the seal and for what the sender fills. */
    role: z.string().max(40),
    areas: z.array(fieldArea).min(1).max(500),
    /** What the signer is asked for, in the words of the sender. */
    label: z.string().trim().max(200).default(''),
    help: z.string().trim().max(500).default(''),
    placeholder: z.string().trim().max(200).default(''),
    required: z.boolean().default(true),
    /** Filled by the sender (default or prefilled value), shown to the signer, not changed by him. */
    readonly: z.boolean().default(false),
    /** Of a date also `today`: the day it is signed, or sent where the sender fills it. */
    defaultValue: z.string().max(5000).optional(),
    contactLink: z.enum(contactLinks).optional(),
    /** Of radio and select. */
    options: z.array(z.string().trim().min(1).max(200)).max(100).optional(),
    /** All must hold, or the field is neither shown nor asked for. */
    conditions: z.array(fieldCondition).max(20).default([]),
    validation: z
      .object({
        minimumLength: z.number().int().min(0).max(5000).optional(),
        maximumLength: z.number().int().min(1).max(5000).optional(),
        /** Decimal strings for numbers, ISO days for dates. */
        minimum: z.string().max(40).optional(),
        maximum: z.string().max(40).optional(),
        /** Digits after the point of a number. */
        decimals: z.number().int().min(0).max(9).optional(),
        /** One of the patterns offered, never a free regular expression. */
        pattern: z.enum(['digits', 'letters', 'iban', 'national-id-sa', 'national-id-eg', 'egn-bg', 'civil-id-kw', 'url']).optional(),
        /** Said instead of the general words. */
        message: z.string().trim().max(200).optional(),
      })
      .strict()
      .default({}),
    style: z
      .object({
        /** Points; without it the text is as large as the field allows, at most 11. */
        fontSize: z.number().min(4).max(72).optional(),
        align: z.enum(['start', 'center', 'end']).default('start'),
      })
      .strict()
      .default({ align: 'start' }),
  })
  .strict()
export type TemplateField = z.infer<typeof templateField>
export type TemplateFieldInput = z.input<typeof templateField>

/** A page as its reader sees it, in points. */
export interface PageShape {
  readonly width: number
  readonly height: number
}

/**
 * What a signer (or the sender) gave for a field. Text, number (decimal string), date (ISO day), the option chosen; `true` or
 * `false` for a checkbox; a reference to a drawn, typed or uploaded signature or to an uploaded file.
 */
export type FieldValue = string | boolean | { readonly capture: string } | { readonly attachment: string }
export type FieldValues = Readonly<Record<string, FieldValue>>

/** Default of a date that is the day of signing. */
export const dayOfSigning = 'today'

/** Whether a date is filled by itself with the day of signing; one that is readonly can only be that day. */
export function isDayOfSigning(field: Pick<TemplateField, 'type' | 'defaultValue'>): boolean {
  return field.type === 'date' && field.defaultValue === dayOfSigning
}

/** Name of the field in the PDF. Signature fields of a role: `<role>.signature`; all others `<role>.<id>` (areas share one field); a request's `formPrefix` stands before. */
export function pdfFieldName(field: Pick<TemplateField, 'role' | 'id'>): string {
  return `${field.role}.${field.id}`
}
