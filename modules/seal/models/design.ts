import { z } from 'zod'

export const sealShapes = ['round', 'rectangular'] as const
export const sealColours = ['ink-blue', 'green', 'red', 'black'] as const
export type SealColour = (typeof sealColours)[number]

/** Printing colours: dark enough to be read from a photocopy. */
export const sealInk: Readonly<Record<SealColour, string>> = {
  'ink-blue': '#1d3f8f',
  green: '#0f5c3f',
  red: '#a11d2a',
  black: '#14181c',
}

const line = (max: number): z.ZodString => z.string().trim().max(max)

/** What a seal shows. At least one name; everything else may be empty. */
export const sealDesignInput = z
  .object({
    name: line(80).min(1),
    shape: z.enum(sealShapes).default('round'),
    nameAr: line(60).default(''),
    nameLatin: line(60).default(''),
    /** What the number is: «س.ت», “C.R.”, „ЕИК“. */
    caption: line(24).default(''),
    number: line(24).default(''),
    /** Year of foundation, or the city. */
    year: line(24).default(''),
    colour: z.enum(sealColours).default('ink-blue'),
    /** Key (with certificate) that signs where this seal is put; without one the seal can be looked at, not applied. */
    keyId: z.uuid().nullable().default(null),
  })
  .strict()
  .refine((design) => design.nameAr !== '' || design.nameLatin !== '', { error: 'SEAL-NAME-MISSING', path: ['nameAr'] })

export type SealDesignInput = z.infer<typeof sealDesignInput>

export interface SealDesign extends SealDesignInput {
  readonly id: string
  readonly isDefault: boolean
  /** The drawing made when the design was saved: outlines only. */
  readonly svg: string
}

/** Size at which a seal is printed, in millimetres. */
export function sealSize(shape: SealDesignInput['shape']): { readonly width: number; readonly height: number } {
  return shape === 'round' ? { width: 38, height: 38 } : { width: 38, height: 24 }
}
