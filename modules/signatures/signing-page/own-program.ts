import type { Host } from '../../../core/host/module.js'
import { fieldsForOutside, maySignOutside } from '../services/signing/outside.js'
import type { OpenLink } from './open-link.js'

/** Ways of one signer: `may` sign with a program of his own, and whether that is the `only` one (qualified, no key of his is known here). */
export interface OwnProgram {
  readonly may: boolean
  readonly only: boolean
}

export async function ownProgramOf(host: Host, { context, signer }: OpenLink): Promise<OwnProgram> {
  const may = await host.db.company(context.companyId, (transaction) => maySignOutside(host, transaction, signer))
  return { may, only: may && signer.level === 'qualified' }
}

/** Fields that this signer's own program fills: its picture is not asked for on the page. */
export function placesOfOwnProgram({ request, signer }: OpenLink): ReadonlySet<string> {
  const asked = fieldsForOutside(request, signer.role)
  return new Set(asked.filter((field, index) => field.required !== request.fields[index]?.required).map(({ id }) => id))
}
