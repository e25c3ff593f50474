import type { Configuration } from '../../../config/schema.js'
import type { DocumentVerdict } from '../verdict.js'

/** What the process is started with. */
export interface VerifyProcessSettings {
  readonly config: Pick<Configuration, 'modules' | 'dataDir' | 'validation' | 'allowedPrivateOrigins'>
}

/** A file to be judged in the other process. */
export interface VerifyQuestion {
  readonly id: number
  readonly file: string
  readonly bytes: Uint8Array
  /** Anchors beside those of the data folder, DER. */
  readonly trust: readonly Uint8Array[]
  readonly at?: Date
  /** Of a detached signature. */
  readonly content?: Uint8Array
}

/** The verdict on the question of the same `id`. */
export interface VerifyAnswer {
  readonly id: number
  readonly verdict: DocumentVerdict
}
