import { z } from 'zod'

/** Settings of seals per company; every field has its default. */
export const sealSettings = z.object({
  /**
   * PAdES baseline level of seals (ETSI EN 319 142-1). `automatic`: T where a time stamp authority is configured, else B. A level that was
   * chosen and cannot be reached is a fault. From LTA on the archive renews time stamps before they end.
   */
  level: z.enum(['automatic', 'B', 'T', 'LT', 'LTA']).default('automatic'),
  /** Certification by the seal where it is the first signature (DocMDP, ISO 32000-2 12.8.2.2): what may be done to the document afterwards. */
  certification: z.enum(['none', '1', '2', '3']).default('none'),
})

export type SealSettings = z.infer<typeof sealSettings>
