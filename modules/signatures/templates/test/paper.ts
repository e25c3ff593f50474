import type { Host } from '../../../../core/host/module.js'
import { readPlacement } from '../read-placement.js'
import { readTextContent } from '../written/read-content.js'
import { renderContract } from '../written/render-contract.js'

/** A PDF of so many A4 pages, made by the host itself. */
export async function paperOf(host: Host, pages: number, words = ''): Promise<Buffer> {
  const { roles } = readPlacement({ roles: [], fields: [] }, [])
  const body = Array.from({ length: pages }, (_, index) => `الصفحة ${String(index + 1)}`)
    .join('\n\n[[page]]\n\n')
    .concat(words === '' ? '' : `\n\n${words}`)
  // Braces at the edges of a right-to-left line are not where a tag has them.
  const language = words === '' ? 'ar' : 'en'
  const content = readTextContent(
    { kind: 'text', languages: [language], title: { [language]: 'مستند' }, clauses: [{ body: { [language]: body } }] },
    roles,
  )
  const company = {
    id: 'c',
    code: 'paper',
    name: 'Example',
    nameAr: null,
    country: 'SA',
    currency: 'SAR',
    timeZone: 'Asia/Riyadh',
    locale: 'ar',
    digits: 'latin',
    sandbox: false,
    identifiers: [],
    address: { country: 'SA' },
    phone: null,
    email: null,
    website: null,
  } as const
  return (await renderContract(host, company, { content, roles }, {})).pdf
}
