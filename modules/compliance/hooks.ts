import type { Collect } from '../../core/hooks/hook-map.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { Regime } from './regime.js'

export interface Guide {
  readonly country: string
  readonly name: string
  readonly title: LocalizedText
  readonly steps: readonly { readonly text: LocalizedText; readonly source: string }[]
}

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    'compliance.regimes': Collect<undefined, Regime>
    'compliance.guides': Collect<undefined, Guide>
  }
}
