import { z } from 'zod'

/**
 * What somebody does with the document. A signer signs, an approver says yes or no before those after him are asked, a copy goes to
 * who only receives the finished document.
 */
export const roleActions = ['sign', 'approve', 'copy'] as const
export type RoleAction = (typeof roleActions)[number]

/**
 * Level of a signature, in plain words on every page: `simple` link and code, a certificate of this host for one signature; `advanced`
 * two independent proofs of identity, or a certificate of the signer's own; `qualified` the signer's own key on a token, card, HSM or
 * remote service, with a certificate of an outside authority. Never lowered in silence.
 */
export const signatureLevels = ['simple', 'advanced', 'qualified'] as const
export type SignatureLevel = (typeof signatureLevels)[number]

export const templateRole = z
  .object({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
    name: z.string().trim().min(1).max(100),
    action: z.enum(roleActions).default('sign'),
    /** Roles of one number act together; a higher number waits for all lower ones. */
    group: z.number().int().min(1).max(100).default(1),
    level: z.enum(signatureLevels).default('simple'),
    /** Names of methods (`email-code`, `sms-code`, `totp`, `passkey`, `pin`, …); all must be passed. Never empty at sending. */
    authentication: z.array(z.string().max(40)).max(5).default(['email-code']),
    canDelegate: z.boolean().default(false),
    /** Signs on a device that the sender hands over, in the sender's presence. */
    inPerson: z.boolean().default(false),
  })
  .strict()
export type TemplateRole = z.infer<typeof templateRole>
export type TemplateRoleInput = z.input<typeof templateRole>
