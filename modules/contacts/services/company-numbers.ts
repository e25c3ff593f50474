import type { ModuleSetup } from '../../../core/host/module.js'
import { identifierFaults, identifierSchemes } from './identifiers.js'

/** Numbers of one's own company are judged as those of its customers are: a wrong one would stand on every document it issues. */
export function checkCompanyNumbers({ host, hooks }: ModuleSetup): void {
  hooks.on('company.validate', async ({ country, identifiers }, { context, transaction }) => {
    if (transaction === undefined) throw new Error('a company is saved in a transaction')
    return identifierFaults({ kind: 'company', country, identifiers }, await identifierSchemes(host, context, transaction))
  })
}
