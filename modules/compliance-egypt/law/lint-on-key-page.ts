import type { ModuleSetup } from '../../../core/host/module.js'
import type { BadgeColor } from '../../../core/views/view.js'
import { MalformedDer } from '../../../core/validation/der-reader.js'
import { lawTable } from './law-table.js'
import { lintCertificate, type LintItem, type LintState } from './lint-certificate.js'

const colours: Readonly<Record<LintState, BadgeColor>> = { present: 'green', missing: 'red', register: 'orange', unclear: 'orange' }

/** Content of the certificate by Art. 20 on the page of a key, for companies that have Egypt's law. */
export function lintOnKeyPage({ host, hooks }: ModuleSetup): void {
  hooks.on('credentials.key-sections', async ({ key }, { context }) => {
    const [own] = key.certificates
    if (own === undefined || !(await host.modules.isEnabled(context.companyId, 'compliance-egypt'))) return []
    const items = readable(own)
    if (items === undefined) return []
    const text = (name: string): string => host.i18n.text(context.locale, `compliance-egypt.lint.${name}`)
    return [
      {
        title: text('section'),
        help: text('help'),
        rows: items.map((one) => ({
          item: one.item === 0 ? '' : String(one.item),
          title: text(one.code),
          state: text(`state.${one.state}`),
          colour: colours[one.state],
          found: one.found,
        })),
        link: { label: text('register'), href: lawTable().register.url },
      },
    ]
  })
}

/** The page says of itself when a certificate cannot be read. */
function readable(der: Buffer): LintItem[] | undefined {
  try {
    return lintCertificate(der)
  } catch (error) {
    if (error instanceof MalformedDer) return undefined
    throw error
  }
}
