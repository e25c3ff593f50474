import { z } from 'zod'
import { locales, type Locale } from '../../../core/i18n/locale.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { type FieldValues, type PageShape, type TemplateField } from './field.js'
import { type RoleAction, signatureLevels, type SignatureLevel, type TemplateRole } from './role.js'

/**
 * draft → sent (in progress from the first signature on) → signed (by all, not yet sealed) → sealed; or declined, expired,
 * cancelled. `sealing_failed` is the signed document whose seal could not be put: visible, with a retry.
 */
export const requestStates = ['draft', 'sent', 'signed', 'sealing_failed', 'sealed', 'declined', 'expired', 'cancelled'] as const
export type RequestState = (typeof requestStates)[number]

/**
 * waiting (for those before him) → sent → viewed → verified (identity proven) → submitted (values are stored, the signature is being
 * made) → signed; or declined, delegated, expired. An approver ends `approved`, a copy ends `copied`.
 */
export const signerStates = [
  'waiting',
  'sent',
  'viewed',
  'verified',
  'submitted',
  'signed',
  'approved',
  'copied',
  'declined',
  'delegated',
  'expired',
] as const
export type SignerState = (typeof signerStates)[number]

export const signerInput = z
  .object({
    /** Id of the template's role. */
    role: z.string().max(40),
    name: z.string().trim().min(1).max(200),
    email: z.string().trim().max(254).optional(),
    phone: z.string().trim().max(40).optional(),
    locale: z.enum(locales).optional(),
    contactId: z.uuid().optional(),
    /** Key of the signing service that this signer signs with (own certificate); its holder must be logged in. */
    keyId: z.uuid().optional(),
    level: z.enum(signatureLevels).optional(),
    authentication: z.array(z.string().max(40)).min(1).max(5).optional(),
    /** Told by phone; stored as a hash. */
    pin: z
      .string()
      .regex(/^\d{4,10}$/)
      .optional(),
    group: z.number().int().min(1).max(100).optional(),
    inPerson: z.boolean().optional(),
    /** Values for this signer's fields by field id. */
    values: z.record(z.string(), z.union([z.string().max(5000), z.boolean()])).optional(),
    externalId: z.string().max(200).optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .strict()
export type SignerInput = z.input<typeof signerInput>

export const requestInput = z
  .object({
    templateId: z.uuid(),
    /** The newest version unless told. */
    templateVersionId: z.uuid().optional(),
    /** Shown to signers and in lists; the template's name unless told. */
    name: z.string().trim().max(200).optional(),
    signers: z.array(signerInput).min(1).max(50),
    /** Values of the fields that the sender fills (role `company`), by field id. */
    values: z.record(z.string(), z.union([z.string().max(5000), z.boolean()])).optional(),
    /** Merge values of a text template by name. */
    variables: z.record(z.string(), z.string().max(5000)).optional(),
    message: z
      .object({ subject: z.string().trim().max(200).optional(), body: z.string().trim().max(5000).optional() })
      .strict()
      .optional(),
    /** Signing order: `groups` as the roles say, `parallel` all at once, `sequential` one after another as listed. */
    order: z.enum(['groups', 'parallel', 'sequential']).default('groups'),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
    /** First reminder after so many days, then every so many; null sends none. */
    reminders: z
      .object({ firstAfterDays: z.number().int().min(1).max(60), everyDays: z.number().int().min(1).max(60) })
      .strict()
      .nullish(),
    replyTo: z.string().max(254).optional(),
    /** The record it was started from: `contacts.contact`, `employment.contract`, `invoicing.invoice`. */
    source: z
      .object({ type: z.string().max(60), id: z.string().max(60), label: z.string().max(200) })
      .strict()
      .optional(),
    externalId: z.string().max(200).optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    completedRedirectUrl: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    /** False: the caller hands the links on himself. */
    sendEmail: z.boolean().default(true),
    bulkId: z.uuid().optional(),
  })
  .strict()
export type RequestInput = z.input<typeof requestInput>

/** Somebody of a request. */
export interface RequestSigner {
  readonly id: string
  readonly requestId: string
  readonly role: string
  readonly action: RoleAction
  /** Those of one number act together. */
  readonly group: number
  /** Place in the list, from 0. */
  readonly position: number
  readonly name: string
  readonly email: string | null
  readonly phone: string | null
  readonly locale: Locale
  readonly contactId: string | null
  readonly keyId: string | null
  readonly level: SignatureLevel
  readonly authentication: readonly string[]
  readonly inPerson: boolean
  readonly canDelegate: boolean
  readonly state: SignerState
  /** Rises when name, address or person change: links of an older version are void. */
  readonly version: number
  readonly values: FieldValues
  readonly sentAt: Date | null
  readonly viewedAt: Date | null
  readonly verifiedAt: Date | null
  readonly submittedAt: Date | null
  readonly completedAt: Date | null
  readonly declineReason: string | null
  readonly reminders: number
  readonly nextReminderAt: Date | null
  /** Why the signature is not made yet, when it is submitted: the agent waits for a PIN, the time stamp authority is away. */
  readonly fault: FaultDetail | null
  readonly externalId: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface SignRequest {
  readonly id: string
  /** `SIGN/2026/00012`: gapless per company and year. */
  readonly number: string
  readonly name: string
  readonly state: RequestState
  readonly templateId: string
  readonly templateVersionId: string
  readonly roles: readonly TemplateRole[]
  /** Fields with their final places. Of a text template they are known once it is rendered, at sending. */
  readonly fields: readonly TemplateField[]
  readonly pages: readonly PageShape[]
  readonly variables: Readonly<Record<string, string>>
  /** Filled by the sender. */
  readonly values: FieldValues
  readonly message: { readonly subject?: string; readonly body?: string }
  readonly order: 'groups' | 'parallel' | 'sequential'
  readonly locale: Locale
  /** Content address of the document as it was before any field: frozen at sending. */
  readonly originalSha256: string | null
  /** With its form fields and the sender's values: what every signer sees first. */
  readonly frozenSha256: string | null
  /** Stands before the names of our form fields where the document has fields of its own with these names (`khatm.`); else empty. */
  readonly formPrefix: string
  /** The newest revision: each signature is an incremental update of the one before. */
  readonly headSha256: string | null
  /** The finished document with seal and archive time stamp. */
  readonly sealedSha256: string | null
  readonly certificateSha256: string | null
  readonly eventLogSha256: string | null
  readonly evidenceSha256: string | null
  readonly expiresAt: Date | null
  readonly reminders: { readonly firstAfterDays: number; readonly everyDays: number } | null
  readonly replyTo: string | null
  readonly source: { readonly type: string; readonly id: string; readonly label: string } | null
  readonly externalId: string | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly completedRedirectUrl: string | null
  readonly sendEmail: boolean
  readonly bulkId: string | null
  /** Why the seal is not there. */
  readonly fault: FaultDetail | null
  readonly createdBy: { readonly id: string | null; readonly name: string }
  readonly createdAt: Date
  readonly sentAt: Date | null
  readonly completedAt: Date | null
  readonly signers: readonly RequestSigner[]
}
