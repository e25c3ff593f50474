import type { CompanyContext } from '../../../../core/access/context.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { Key } from '../../../../core/signing/key.js'
import { TrustFolder } from '../../../../core/validation/trust/trust-folder.js'

interface AuthorityRow {
  company_id: string
  key_id: string | null
  created_at: Date
}

export interface HostAuthority {
  readonly keyId: string
  /** DER of its self-signed certificate. */
  readonly root: Buffer
}

const rootYears = 30
const suffix = ' (own signing authority – Khatm)'

/** Characters of a name's common part (RFC 5280 appendix A.1, ub-common-name). */
const longestName = 64

/** Cuts between letters; a cut is seen. */
export function shortened(text: string, longest = longestName): string {
  const letters = Array.from(text)
  return letters.length <= longest
    ? text
    : `${letters
        .slice(0, longest - 1)
        .join('')
        .trim()}…`
}

/**
 * The company's own authority for certificates of one signature: made at its first use, by whoever comes first. Its name says that it
 * is the company's own; its root is pinned in the trust folder of this host, where an operator sees it with `ls` and can take it away.
 * @throws Fault SIGN-KEY-STOPPED when it was reported lost
 */
export async function hostAuthority(host: Host, context: CompanyContext): Promise<HostAuthority> {
  const { companyId } = context
  // The authority is the company's: whoever signs, it is the host that uses its key.
  const system = await host.access.systemContext(companyId, context.source)
  const company = await host.access.company(companyId)
  const key = await host.db.company(companyId, async (transaction): Promise<Key> => {
    const { knex } = transaction
    await knex<AuthorityRow>('signatures_authority')
      .insert({ company_id: companyId, key_id: null, created_at: host.now() })
      .onConflict('company_id')
      .ignore()
    const row = await knex<AuthorityRow>('signatures_authority').where({ company_id: companyId }).forUpdate().first()
    if (row?.key_id !== null && row?.key_id !== undefined) return host.signing.key(transaction, row.key_id)
    const made = await host.signing.generateKey(transaction, system, {
      name: `${company.name}${suffix}`,
      algorithm: 'ec-p256',
      purposes: ['issue-certificate'],
    })
    await knex<AuthorityRow>('signatures_authority').where({ company_id: companyId }).update({ key_id: made.id })
    return made
  })
  if (key.state !== 'active') throw new Fault('SIGN-KEY-STOPPED', { params: { name: key.name }, status: 409 })
  const { certificates } = await host.signing.certifyAuthority(system, key.id, nameOf(company), rootYears)
  const [root] = certificates
  if (root === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: key.name }, status: 409 })
  pin(host, root, company.code)
  return { keyId: key.id, root }
}

/** The root of the company's authority, when there is one. */
export async function hostAuthorityRoot(host: Host, companyId: string): Promise<Buffer | undefined> {
  return host.db.company(companyId, async (transaction) => {
    const row = await transaction.knex<AuthorityRow>('signatures_authority').where({ company_id: companyId }).first()
    if (row?.key_id === null || row?.key_id === undefined) return undefined
    return (await host.signing.key(transaction, row.key_id)).certificates[0]
  })
}

function nameOf(company: { readonly id: string; readonly name: string; readonly country: string }): { type: string; value: string }[] {
  return [
    { type: 'C', value: company.country },
    { type: 'O', value: shortened(company.name) },
    { type: 'OU', value: 'Certificates for one signature – identity proven by the sender' },
    { type: 'SERIALNUMBER', value: company.id },
    { type: 'CN', value: `${shortened(company.name, longestName - suffix.length)}${suffix}` },
  ]
}

const pinned = new Set<string>()

/** Other processes of this installation share the folder; one with a folder of its own pins at its own first signature. */
function pin(host: Host, root: Buffer, code: string): void {
  const key = `${host.config.dataDir} ${root.toString('base64')}`
  if (pinned.has(key)) return
  new TrustFolder(host.config.dataDir).add(root, null, `signing authority of ${code}`)
  pinned.add(key)
}
