import type { Collect, Notify } from '../../core/hooks/hook-map.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { EDocumentState, Regime } from './regime.js'

export interface Guide {
  readonly country: string
  readonly name: string
  readonly title: LocalizedText
  readonly steps: readonly { readonly text: LocalizedText; readonly source: string }[]
}

export interface AnsweredNotice {
  readonly invoiceId: string
  readonly state: EDocumentState
}

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    'compliance.regimes': Collect<undefined, Regime>
    'compliance.guides': Collect<undefined, Guide>
    /** The authority has accepted or rejected an e-document. */
    'compliance.answered': Notify<AnsweredNotice>
  }
}

export const complianceHooks = [
  ['compliance.regimes', 'collect'],
  ['compliance.guides', 'collect'],
  ['compliance.answered', 'notify'],
  ['compliance.demonstrations', 'collect'],
] as const
