import type { CompanyContext } from '../../core/access/context.js'

/** The host acting by itself for a company, for tests below the access layer. */
export function systemContextOf(companyId: string): Promise<CompanyContext> {
  return Promise.resolve({
    companyId,
    actor: { kind: 'system', id: null, name: 'Khatm' },
    locale: 'en',
    source: 'job',
    groups: new Set(['*']),
  })
}
