import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import { defaultDesign, drawDesign, readDesignInput, saveDesign } from '../../seal/index.js'

/** What the seal of a demonstration company shows beside its names. */
export interface SealTexts {
  readonly caption: string
  readonly number: string
  readonly year: string
}

const certificateCall = { method: 'POST', headers: { 'Content-Type': 'application/json' } } as const

/**
 * Gives a sandbox company its seal: a key, a certificate from the sandbox's certificate authority, and a drawn design. Repeatable; a
 * company that has a seal keeps it.
 * @throws Fault COMPLIANCE-SANDBOX-CERTIFICATE, HTTP-…
 */
export async function ensureDemonstrationSeal(host: Host, context: CompanyContext, company: Company, texts: SealTexts): Promise<void> {
  const existing = await host.db.company(company.id, (transaction) => defaultDesign(transaction))
  if (existing !== undefined) return
  const keyId = await sealingKey(host, context, company)
  const design = readDesignInput({
    name: company.name,
    shape: 'round',
    nameAr: company.nameAr ?? '',
    nameLatin: company.name,
    ...texts,
    colour: 'ink-blue',
    keyId,
  })
  const svg = await drawDesign(host, design)
  await host.db.company(company.id, async (transaction) => {
    if ((await defaultDesign(transaction)) === undefined) await saveDesign(host, context, transaction, null, design, svg)
  })
}

async function sealingKey(host: Host, context: CompanyContext, company: Company): Promise<string> {
  const { key, csrPem } = await host.db.company(company.id, async (transaction) => {
    const made = await host.signing.generateKey(transaction, context, {
      name: `${company.name} seal`,
      algorithm: 'ec-p256',
      purposes: ['seal-document'],
    })
    const vat = company.identifiers.find((identifier) => identifier.scheme === 'VAT')?.value
    const name = [
      { type: 'C', value: company.country },
      { type: 'O', value: company.name },
      // ETSI EN 319 412-1, 5.1.4: VAT + country + hyphen + number identifies the organisation.
      ...(vat === undefined ? [] : [{ type: 'ORGANIZATIONIDENTIFIER', value: `VAT${company.country}-${vat}` }]),
      { type: 'CN', value: company.nameAr ?? company.name },
    ]
    return { key: made, csrPem: await host.signing.certificateRequest(transaction, context, made.id, { name, extensions: [] }) }
  })
  const answer = await fetchGuarded(`${host.config.sandbox.url ?? ''}/control/certificates`, {
    ...certificateCall,
    body: JSON.stringify({ csrPem, profile: 'seal' }),
    allowPrivate: host.config.allowedPrivateOrigins,
  })
  const reply: unknown = answer.status === 201 ? JSON.parse(answer.body.toString('utf8')) : undefined
  if (typeof reply !== 'object' || reply === null || !('chain' in reply) || !Array.isArray(reply.chain)) {
    throw new Fault('COMPLIANCE-SANDBOX-CERTIFICATE', { status: 502, params: { status: answer.status } })
  }
  const chain = reply.chain.map((der) => Buffer.from(String(der), 'base64'))
  await host.db.company(company.id, (transaction) => host.signing.installCertificates(transaction, context, key.id, chain))
  return key.id
}
