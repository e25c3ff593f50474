import { z } from 'zod'

/** Settings of a company; every field has a default. */
export const signaturesSettings = z.object({
  /** A new request ends so many days after sending; 0: never. */
  expiryDays: z.number().int().min(0).max(730).default(90),
  reminderFirstDays: z.number().int().min(0).max(60).default(5),
  reminderEveryDays: z.number().int().min(1).max(60).default(2),
  /** Law whose words of consent signers are shown: a row of data/consents. `auto` goes by the country of the company. */
  consentLaw: z.string().max(40).default('auto'),
  /** Signatures carry proof of time. Without it they are at level B, and a document says so: chosen, never fallen back to. */
  timeStamps: z.enum(['required', 'none']).default('required'),
  /** The company seal is put when all have signed. */
  sealWhenSigned: z.boolean().default(true),
  /** A signer may take the file away, sign it with a program of his own (a token, a national card) and bring it back. */
  ownProgram: z.boolean().default(true),
  /** Files of finished requests are kept so many years after the end; 0: for ever. */
  retentionYears: z.number().int().min(0).max(100).default(0),
})
export type SignaturesSettings = z.infer<typeof signaturesSettings>
