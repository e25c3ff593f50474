import { z } from 'zod'

const optionalText = (length: number) =>
  z
    .string()
    .trim()
    .max(length)
    .nullish()
    .transform((value) => (value === undefined || value === null || value === '' ? null : value))

/** A contact as the API, the form and the import write it. Empty texts mean «none». */
export const contactInput = z
  .object({
    kind: z.enum(['person', 'company']).default('company'),
    parentId: z
      .uuid()
      .nullish()
      .transform((value) => value ?? null),
    role: z.enum(['contact', 'billing', 'delivery', 'other']).default('contact'),
    name: z.string().trim().min(1).max(1000),
    nameAr: optionalText(1000),
    email: optionalText(254),
    phone: optionalText(40),
    mobile: optionalText(40),
    website: optionalText(500),
    street: optionalText(1000),
    additionalStreet: optionalText(1000),
    building: optionalText(20),
    additionalNumber: optionalText(20),
    district: optionalText(127),
    city: optionalText(127),
    region: optionalText(127),
    postalCode: optionalText(20),
    country: optionalText(2),
    locale: z
      .enum(['ar', 'en', 'bg'])
      .nullish()
      .transform((value) => value ?? null),
    reference: optionalText(60),
    notes: optionalText(10_000),
    identifiers: z
      .array(z.object({ scheme: z.string().trim().min(1).max(10), value: z.string().trim().min(1).max(60) }))
      .max(20)
      .default([]),
  })
  .strict()

export type ContactInput = z.infer<typeof contactInput>

/** A stored contact. */
export interface Contact extends ContactInput {
  readonly id: string
  readonly active: boolean
}

/** Columns of `contacts_contact` by the name of their field; one place, for reading, writing and importing. */
export const contactColumns = {
  kind: 'kind',
  parentId: 'parent_id',
  role: 'role',
  name: 'name',
  nameAr: 'name_ar',
  email: 'email',
  phone: 'phone',
  mobile: 'mobile',
  website: 'website',
  street: 'street',
  additionalStreet: 'additional_street',
  building: 'building',
  additionalNumber: 'additional_number',
  district: 'district',
  city: 'city',
  region: 'region',
  postalCode: 'postal_code',
  country: 'country',
  locale: 'locale',
  reference: 'reference',
  notes: 'notes',
} as const satisfies Partial<Record<keyof ContactInput, string>>

export type ContactField = keyof typeof contactColumns
// The keys of a literal object are exactly its type's keys.
export const contactFields = Object.keys(contactColumns) as ContactField[]
