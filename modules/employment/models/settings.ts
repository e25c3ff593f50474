import { z } from 'zod'

/** Settings of a company; every field has a default. */
export const employmentSettings = z.object({
  /** Who signs for the company. */
  representativeName: z.string().trim().max(200).default(''),
  representativeNameAr: z.string().trim().max(200).default(''),
  representativeEmail: z.string().trim().max(254).default(''),
  representativePhone: z.string().trim().max(40).default(''),
  representativeTitleAr: z.string().trim().max(200).default(''),
  representativeTitleEn: z.string().trim().max(200).default(''),
  representativeTitleBg: z.string().trim().max(200).default(''),
  /** Key of the signing service that he signs with; empty: as the level of the request says. */
  representativeKeyId: z.union([z.literal(''), z.uuid()]).default(''),
  /** Order of signing; the law asks for none. */
  employerSigns: z.enum(['first', 'last', 'together']).default('last'),
  /** `asked`: no more than the law demands; `advised`: what the table of document types advises. */
  signatureLevel: z.enum(['asked', 'advised']).default('asked'),
  /** Who is reminded of dates; empty: the address of the company. */
  reminderEmails: z.string().trim().max(1000).default(''),
  contractReminderDays: z.number().int().min(1).max(365).default(60),
  probationReminderDays: z.number().int().min(1).max(90).default(14),
  identityReminderDays: z.number().int().min(1).max(365).default(60),
  /** A document that waits longer than so many days counts as overdue. */
  overdueDays: z.number().int().min(1).max(365).default(7),
  /** Prefix and width of employee numbers that are given by themselves. */
  numberPrefix: z.string().trim().max(10).default('E'),
})
export type EmploymentSettings = z.infer<typeof employmentSettings>
