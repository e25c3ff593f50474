import type { Digits, Locale } from '../i18n/locale.js'
import type { PlacedBox } from './documents.js'

/** What the pool sends to a worker thread: a render request without functions or dates. */
export interface RenderJob {
  readonly kind: 'pdf'
  readonly id: number
  readonly template: string
  /** Request data as JSON text. */
  readonly data: string
  readonly locale: Locale
  readonly digits: Digits
  readonly title: string
  /** Seconds since 1970, UTC. */
  readonly createdAt: number
  readonly standard: '1.7' | 'a-3b' | 'a-3a'
  readonly images: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly attachments: readonly {
    readonly name: string
    readonly bytes: Uint8Array
    readonly mediaType: string
    readonly relationship: string
    readonly description: string
  }[]
}

/** A page of a template as SVG without fonts: letters are outlines. */
export interface DrawingJob {
  readonly kind: 'svg'
  readonly id: number
  readonly template: string
  readonly data: string
  readonly locale: Locale
  readonly digits: Digits
}

/** What is asked of a worker. */
export type DocumentJob = RenderJob | DrawingJob

/** What a worker answers to the job of the same `id`; `place` says where in the template it failed. */
export type DocumentAnswer =
  | {
      readonly id: number
      readonly ok: true
      readonly kind: 'pdf'
      readonly pdf: ArrayBuffer
      readonly pages: number
      readonly boxes: readonly PlacedBox[]
    }
  | { readonly id: number; readonly ok: true; readonly kind: 'svg'; readonly svg: string }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly place: string }

/** What a worker is given when it starts. */
export interface WorkerSettings {
  readonly templatesDir: string
}
