import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Company } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { readRequest } from '../request-rows.js'

/** 32 random bytes in base64url: 43 letters. */
const tokenShape = /^[\w-]{43}$/

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** The signer's page of a link. */
export const signerPath = (token: string): string => `/sign/${token}`

/**
 * A fresh link for this signer as he is now; earlier links stay as they are, those of an earlier version are void. Only its hash is
 * stored.
 * @returns the token of `signerPath`
 */
export async function newLink(host: Host, transaction: CompanyTransaction, signer: Pick<RequestSigner, 'id' | 'version'>): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const tokenHash = hashOf(token)
  const { companyId } = transaction
  await transaction.knex('signatures_link_token').insert({ token_hash: tokenHash, company_id: companyId })
  await transaction.knex('signatures_link').insert({
    company_id: companyId,
    id: randomUUID(),
    signer_id: signer.id,
    token_hash: tokenHash,
    version: signer.version,
    created_at: host.now(),
  })
  return token
}

/**
 * Whose link it is. A link that never was, one of a person who was replaced or corrected since, and one whose company is gone are all
 * the same: undefined. Nothing is compared but SHA-256 of 256 random bits, so how long it takes tells nothing about other links.
 */
export async function signerByToken(
  host: Host,
  token: string,
): Promise<{ readonly companyId: string; readonly request: SignRequest; readonly signer: RequestSigner } | undefined> {
  const tokenHash = hashOf(token)
  if (!tokenShape.test(token)) return undefined
  const known = await host.db.host(async (transaction) => {
    const row = await transaction<{ token_hash: string; company_id: string }>('signatures_link_token')
      .where({ token_hash: tokenHash })
      .first()
    return row?.company_id
  })
  if (known === undefined) return undefined
  return host.db.company(known, async (transaction) => {
    const link: { signer_id: string; version: number; request_id: string; signer_version: number } | undefined = await transaction
      .knex('signatures_link as link')
      .join('signatures_signer as signer', function () {
        this.on('signer.company_id', 'link.company_id').andOn('signer.id', 'link.signer_id')
      })
      .where({ 'link.company_id': known, 'link.token_hash': tokenHash })
      .first('link.signer_id', 'link.version', 'signer.request_id', 'signer.version as signer_version')
    if (link === undefined || link.version !== link.signer_version) return undefined
    const request = await readRequest(transaction, link.request_id)
    const signer = request.signers.find((one) => one.id === link.signer_id)
    return signer === undefined ? undefined : { companyId: known, request, signer }
  })
}

/**
 * Where people reach this host: what links in mails begin with. A company of the sandbox may do with this machine's own address.
 * @throws Fault SIGNATURES-PUBLIC-URL-MISSING
 */
export function publicAddress(host: Host, company: Pick<Company, 'sandbox'>): string {
  const { publicUrl, port } = host.config
  if (publicUrl !== null) return publicUrl.replace(/\/$/, '')
  if (company.sandbox) return `http://localhost:${String(port)}`
  throw new Fault('SIGNATURES-PUBLIC-URL-MISSING')
}

/** Is the link of this person sent by mail? */
export function isMailed(request: Pick<SignRequest, 'sendEmail'>, signer: Pick<RequestSigner, 'email' | 'inPerson'>): boolean {
  return request.sendEmail && !signer.inPerson && signer.email !== null
}
