import { z } from 'zod'
import { invalid } from './csc-error.js'

/** Requests of the CSC API, the members of both versions side by side; unknown members are let through. */

const identifier = z.string().min(1).max(256)
const hash = z.string().min(1).max(128)
const hashes = z.array(hash).max(1000)
const oid = z.string().regex(/^[012](?:\.\d{1,20}){1,30}$/)
const clientData = z.string().max(2048).optional()

/** Body of `credentials/list`. */
export const listRequest = z.object({
  maxResults: z.number().int().min(1).optional(),
  pageToken: z.string().max(256).optional(),
})

/** Body of `credentials/info`. */
export const credentialInfoRequest = z.object({
  credentialID: identifier,
  certificates: z.enum(['none', 'single', 'chain']).default('single'),
  certInfo: z.boolean().optional(),
  authInfo: z.boolean().optional(),
})

/** Body of `credentials/authorize`, of version 1 (PIN, OTP) and of version 2 (authData). */
export const authorizeRequest = z.object({
  credentialID: identifier,
  numSignatures: z.number().int().min(1).max(1000),
  hash: hashes.optional(),
  hashes: hashes.optional(),
  hashAlgorithmOID: oid.optional(),
  PIN: z.string().max(256).optional(),
  OTP: z.string().max(64).optional(),
  authData: z
    .array(z.object({ id: z.string().max(64), value: z.string().max(256) }))
    .max(8)
    .optional(),
  clientData,
})

/** Body of `signatures/signHash`, of version 1 (hash) and of version 2 (hashes). */
export const signHashRequest = z.object({
  credentialID: identifier,
  SAD: z.string().min(1).max(4096),
  hash: hashes.optional(),
  hashes: hashes.optional(),
  hashAlgo: oid.optional(),
  hashAlgorithmOID: oid.optional(),
  signAlgo: oid,
  signAlgoParams: z.string().max(512).optional(),
  operationMode: z.enum(['S', 'A']).optional(),
  clientData,
})

/** Body of `signatures/timestamp`. */
export const timestampRequest = z.object({ hash, hashAlgo: oid, nonce: z.string().max(64).optional() })

/** @throws CscError invalid_request naming the first member that is wrong */
export function readRequest<Shape>(shape: z.ZodType<Shape>, body: unknown): Shape {
  const read = shape.safeParse(body)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw invalid(`Missing (or invalid type) parameter ${issue?.path.join('.') ?? ''}`.trim())
}
