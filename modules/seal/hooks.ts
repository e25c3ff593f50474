import type { Notify } from '../../core/hooks/hook-map.js'

export interface SealedNotice {
  readonly applicationId: string
  readonly subject: { readonly type: string; readonly id: string }
  /** Content addresses of the file before and after. */
  readonly sha256In: string
  readonly sha256Out: string
  readonly level: string
}

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    /** A seal stands under a document; the sealed file is stored. */
    'seal.applied': Notify<SealedNotice>
  }
}

export const sealHooks = [['seal.applied', 'notify']] as const
