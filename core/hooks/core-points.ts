import type { Company } from '../access/context.js'
import type { LocalizedText } from '../i18n/locale.js'
import type { FormView, MenuItem } from '../views/view.js'
import type { Collect, Veto, Waterfall } from './hook-map.js'

/** One thing a company must have before a module can work for it: a certificate, a registration, an address. */
export interface Readiness {
  readonly code: string
  readonly ready: boolean
  /** Ready today, and ends within weeks: nothing stops yet, and the remedy says how it is renewed. */
  readonly soon?: boolean
  readonly text: LocalizedText
  readonly remedy: LocalizedText
}

/** A signed paper that the demonstration made and wants judged. */
export interface DemonstrationPaper {
  readonly fileName: string
  readonly bytes: Buffer
  /** DER; what to trust beside the sandbox's own authorities to judge it: the authority of the company. */
  readonly trust: readonly Buffer[]
}

/** A company as it would be saved. */
export interface CompanyNumbers {
  readonly country: string
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[]
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
    /**
     * Files that the demonstration makes beside what its countries issue (a signed contract), in a company of its own: `khatm demo`
     * writes and judges them. Asked of every loaded module; repeatable.
     */
    'demonstration.papers': Collect<{ readonly company: Company }, DemonstrationPaper>
    /** What is wrong with the numbers of one's own company, before they are saved; paths are those of its form. */
    'company.validate': Veto<CompanyNumbers>
    /** The form of one's own company: modules name the kinds of its numbers. The settings are built when all modules stand already. */
    'view.settings.company.form': Waterfall<FormView>
  }
}

/** Points the host itself owns. */
export const corePoints = {
  menu: 'collect',
  readiness: 'collect',
  'secrets.rewrap': 'collect',
  'demonstration.papers': 'collect',
  'company.validate': 'veto',
  'view.settings.company.form': 'waterfall',
} as const
