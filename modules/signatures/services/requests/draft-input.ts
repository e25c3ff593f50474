import { z } from 'zod'
import { requestInput, signerInput } from '../../models/request.js'

/** A person of a draft may still be without name. */
export const draftSigner = signerInput.extend({ name: z.string().trim().max(200).default('') })
export type DraftSigner = z.output<typeof draftSigner>

/** A request that is still being written: the same shape as `requestInput`, in which people may be missing. */
export const draftInput = requestInput.extend({ signers: z.array(draftSigner).max(50).default([]) })
export type DraftRequest = z.output<typeof draftInput>
export type DraftInput = z.input<typeof draftInput>
