import { z } from 'zod'

/** Answers of a CSC service, both versions. Members nobody reads are let through: services add their own. */

const text = z.string()
const flag = z.union([z.boolean(), z.enum(['true', 'false', 'optional'])])

/** Answer of `info` (Cloud Signature Consortium API; members that are not read here are passed over). */
export const infoAnswer = z.object({
  specs: text.optional(),
  name: text.default(''),
  region: text.optional(),
  description: text.optional(),
  authType: z.array(text).default([]),
  /** Base address of the OAuth 2 server. */
  oauth2: text.optional(),
  methods: z.array(text).default([]),
})
/** What a service says of itself. */
export type InfoAnswer = z.infer<typeof infoAnswer>

/** Answer of `oauth2/token` (RFC 6749, clause 5.1). */
export const tokenAnswer = z.object({
  access_token: text.min(1).max(8192),
  token_type: text.optional(),
  /** Seconds; the standard's default is an hour. */
  expires_in: z.coerce.number().positive().default(3600),
})

/** Answer of `credentials/list`; `nextPageToken` when there are more. */
export const listAnswer = z.object({
  credentialIDs: z.array(text).max(1000),
  nextPageToken: text.nullish(),
})

/** Answer of `credentials/info`, of version 1 and of version 2. */
export const credentialAnswer = z.object({
  description: text.optional(),
  signatureQualifier: text.optional(),
  key: z.object({
    status: text,
    algo: z.array(text).min(1),
    len: z.coerce.number().optional(),
    curve: text.optional(),
  }),
  cert: z.object({
    status: text.optional(),
    certificates: z.array(text).max(20).optional(),
    subjectDN: text.optional(),
  }),
  /** Version 1. */
  authMode: text.optional(),
  PIN: z.object({ presence: flag.optional() }).optional(),
  OTP: z.object({ presence: flag.optional() }).optional(),
  /** Version 2. */
  auth: z
    .object({
      mode: text,
      objects: z.array(z.object({ type: text, id: text })).optional(),
    })
    .optional(),
  SCAL: text.optional(),
  multisign: z.coerce.number().int().min(1).default(1),
})
/** What a service says of a credential. */
export type CredentialAnswer = z.infer<typeof credentialAnswer>

/** Answer of `credentials/authorize`: the signature activation data. */
export const authorizeAnswer = z.object({
  SAD: text.min(1).max(65536),
  /** Seconds. */
  expiresIn: z.coerce.number().positive().default(3600),
})

/** Answer of `signatures/signHash`: base64, in the order of the hashes. */
export const signHashAnswer = z.object({ signatures: z.array(text) })

/** Body of every refusal. */
export const errorAnswer = z.object({ error: text, error_description: text.optional() })

/** How a credential wants to be authorised, whatever the version. */
export interface Authorisation {
  readonly mode: string
  /** Name of the PIN among `authData` (version 2), or undefined when no PIN is asked for. */
  readonly pin: string | undefined
  /** A one-time password is asked for: a person must be there. */
  readonly oneTimePassword: boolean
}

/**
 * How a credential is authorised: by the `auth` of version 2 of the Cloud Signature Consortium's API (clause 11.5,
 * credentials/info), else by the fields of version 1.
 */
export function authorisationOf(credential: CredentialAnswer): Authorisation {
  if (credential.auth !== undefined) {
    const { mode, objects = [] } = credential.auth
    const pin = objects.find((one) => /pin/i.test(one.id) || (one.type === 'Password' && !/otp/i.test(one.id)))
    return { mode, pin: pin?.id, oneTimePassword: objects.some((one) => one !== pin) }
  }
  const present = (part: { presence?: z.infer<typeof flag> | undefined } | undefined): boolean =>
    part?.presence === true || part?.presence === 'true'
  return {
    mode: credential.authMode ?? 'implicit',
    pin: present(credential.PIN) ? 'PIN' : undefined,
    oneTimePassword: present(credential.OTP),
  }
}
