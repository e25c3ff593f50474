import type { Company } from '../access/context.js'
import type { LocalizedText } from '../i18n/locale.js'
import type { MenuItem } from '../views/view.js'
import type { Collect } from './hook-map.js'

/** One thing a company must have before a module can work for it: a certificate, a registration, an address. */
export interface Readiness {
  readonly code: string
  readonly ready: boolean
  readonly text: LocalizedText
  readonly remedy: LocalizedText
}

declare module './hook-map.js' {
  interface HookMap {
    /** Entries of the application menu; `views.menu` answers it. */
    menu: Collect<undefined, MenuItem>
    /** What this company still lacks; shown by `khatm doctor`. Runs inside a transaction of the company. */
    readiness: Collect<{ readonly company: Company }, Readiness>
    /**
     * The master key changes: a module that keeps secrets wrapped with it gives each to `rewrap` (with the name it was wrapped
     * under), stores what comes back and answers how many changed. Runs inside a transaction of the company.
     */
    'secrets.rewrap': Collect<{ readonly rewrap: (name: string, wrapped: string) => string }, number>
  }
}

/** Points the host itself owns. */
export const corePoints = { menu: 'collect', readiness: 'collect', 'secrets.rewrap': 'collect' } as const
