import type { Collect } from '../../core/hooks/hook-map.js'
import type { Key } from '../../core/signing/key.js'
import type { BadgeColor } from '../../core/views/view.js'

/** What a country's law says of a key or its certificate, shown on the key's page; texts in the reader's language. */
export interface KeySection {
  readonly title: string
  readonly help: string
  readonly rows: readonly {
    /** Item of the law: «3»; empty for what is no item of it. */
    readonly item: string
    readonly title: string
    readonly state: string
    readonly colour: BadgeColor
    /** As the certificate has it. */
    readonly found: string
  }[]
  readonly link: { readonly label: string; readonly href: string } | null
}

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    /** Sections for the page of one key. */
    'credentials.key-sections': Collect<{ readonly key: Key }, KeySection>
  }
}

export const credentialsHooks = [['credentials.key-sections', 'collect']] as const
