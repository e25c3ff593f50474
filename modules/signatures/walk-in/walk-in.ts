import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { isMailAddress } from '../../contacts/index.js'
import { signerInput } from '../models/request.js'
import { readTemplate } from '../services/template-rows.js'
import { createRequest } from '../services/requests/create-request.js'
import { newLink } from '../services/requests/links.js'
import { sendRequest } from '../services/requests/send-request.js'

export const walkInInput = z
  .object({
    name: z.string().trim().min(1).max(100),
    /** Of who opens the link. */
    role: z.string().max(40),
    /** The others, the same in every request made from it. */
    signers: z.array(signerInput).max(20).default([]),
    /** Requests it may make; 0: any number. */
    most: z.number().int().min(0).max(1_000_000).default(0),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
  })
  .strict()
export type WalkInInput = z.output<typeof walkInInput>

/** A public link: whoever opens it gets a request of a template made for himself. */
export interface WalkIn {
  readonly id: string
  readonly templateId: string
  readonly name: string
  readonly role: string
  readonly signers: WalkInInput['signers']
  readonly token: string
  readonly most: number
  readonly made: number
  readonly active: boolean
  readonly expiresAt: Date | null
  readonly createdBy: { readonly id: string | null; readonly name: string }
  readonly createdAt: Date
}

interface WalkInRow {
  company_id: string
  id: string
  template_id: string
  role: string
  signers: WalkInInput['signers']
  name: string
  token: string
  most: number
  made: number
  active: boolean
  expires_at: Date | null
  created_by: string | null
  created_by_name: string
  created_at: Date
}

/** Requests one address may be asked for in a day, over all links of a company: nobody's mailbox is filled by strangers. */
export const mostPerAddress = 5

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')
export const walkInPath = (token: string): string => `/start/${token}`

function walkInOf(row: WalkInRow): WalkIn {
  return {
    id: row.id,
    templateId: row.template_id,
    name: row.name,
    role: row.role,
    signers: row.signers,
    token: row.token,
    most: row.most,
    made: row.made,
    active: row.active,
    expiresAt: row.expires_at,
    createdBy: { id: row.created_by, name: row.created_by_name },
    createdAt: row.created_at,
  }
}

/** @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404), SIGNATURES-ROLE-UNKNOWN */
export async function createWalkIn(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  templateId: string,
  input: WalkInInput,
): Promise<WalkIn> {
  const template = await readTemplate(transaction, templateId)
  const roles = template.current.roles.map(({ id }) => id)
  const strange = [input.role, ...input.signers.map(({ role }) => role)].find((role) => !roles.includes(role))
  if (strange !== undefined)
    throw new Fault('SIGNATURES-ROLE-UNKNOWN', { path: 'role', params: { role: strange, roles: roles.join(', ') } })
  const id = randomUUID()
  const token = randomBytes(32).toString('base64url')
  await transaction.knex('signatures_walk_in').insert({
    company_id: transaction.companyId,
    id,
    template_id: templateId,
    name: input.name,
    role: input.role,
    signers: JSON.stringify(input.signers),
    token,
    most: input.most,
    expires_at: input.expiresAt ?? null,
    created_by: context.actor.kind === 'user' ? context.actor.id : null,
    created_by_name: context.actor.name,
    created_at: host.now(),
  })
  await transaction.knex('signatures_link_token').insert({ token_hash: hashOf(token), company_id: transaction.companyId })
  host.audit.record(transaction, context, {
    action: 'signatures.walk-in-made',
    subject: { type: 'signatures.template', id: templateId, label: template.name },
    facts: { link: input.name, role: input.role, most: input.most },
  })
  return readWalkIn(transaction, id)
}

/** @throws Fault SIGNATURES-WALK-IN-UNKNOWN (404) */
export async function readWalkIn(transaction: CompanyTransaction, id: string): Promise<WalkIn> {
  const row = await transaction.knex<WalkInRow>('signatures_walk_in').where({ company_id: transaction.companyId, id }).first()
  if (row === undefined) throw new Fault('SIGNATURES-WALK-IN-UNKNOWN', { status: 404 })
  return walkInOf(row)
}

export async function listWalkIns(transaction: CompanyTransaction, templateId: string): Promise<WalkIn[]> {
  const rows = await transaction
    .knex<WalkInRow>('signatures_walk_in')
    .where({ company_id: transaction.companyId, template_id: templateId })
    .orderBy('created_at', 'desc')
  return rows.map(walkInOf)
}

/** Switches it off: its address says so from then on. What it made goes on. @throws Fault SIGNATURES-WALK-IN-UNKNOWN (404) */
export async function stopWalkIn(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<void> {
  const walkIn = await readWalkIn(transaction, id)
  await transaction.knex('signatures_walk_in').where({ company_id: transaction.companyId, id }).update({ active: false })
  host.audit.record(transaction, context, {
    action: 'signatures.walk-in-stopped',
    subject: { type: 'signatures.template', id: walkIn.templateId },
    facts: { link: walkIn.name },
  })
}

/** Whose link it is; undefined for one that never was. */
export async function findWalkIn(
  host: Host,
  token: string,
): Promise<{ readonly companyId: string; readonly walkIn: WalkIn; readonly template: string } | undefined> {
  if (!/^[\w-]{43}$/.test(token)) return undefined
  const link = await host.db.host((knex) =>
    knex<{ token_hash: string; company_id: string }>('signatures_link_token')
      .where({ token_hash: hashOf(token) })
      .first(),
  )
  const companyId = link?.company_id
  if (companyId === undefined) return undefined
  return host.db.company(companyId, async (transaction) => {
    const row = await transaction.knex<WalkInRow>('signatures_walk_in').where({ company_id: companyId, token }).first()
    if (row === undefined) return undefined
    const template = await readTemplate(transaction, row.template_id)
    return { companyId, walkIn: walkInOf(row), template: template.name }
  })
}

/** Why a link makes no request now; undefined when it does. */
export function closedReason(walkIn: WalkIn, now: Date): 'off' | 'expired' | 'full' | undefined {
  if (!walkIn.active) return 'off'
  if (walkIn.expiresAt !== null && walkIn.expiresAt <= now) return 'expired'
  return walkIn.most > 0 && walkIn.made >= walkIn.most ? 'full' : undefined
}

export interface Visitor {
  readonly name: string
  readonly email: string
  readonly locale: Locale
}

/**
 * Makes and sends a request for who came. It is counted in the transaction that makes it.
 * @returns token of his signing link: the address is still to be proven there
 * @throws Fault SIGNATURES-WALK-IN-CLOSED (410), SIGNATURES-WALK-IN-OFTEN (429), SIGNATURES-WALK-IN-NAME, SIGNATURES-EMAIL-WRONG
 */
export async function startWalkIn(host: Host, companyId: string, walkInId: string, visitor: Visitor): Promise<string> {
  const name = visitor.name.trim()
  const email = visitor.email.trim().toLowerCase()
  if (name === '' || name.length > 200) throw new Fault('SIGNATURES-WALK-IN-NAME', { path: 'name' })
  if (!isMailAddress(email)) throw new Fault('SIGNATURES-EMAIL-WRONG', { path: 'email', params: { name, value: email.slice(0, 100) } })
  const system = await host.access.systemContext(companyId, 'web')
  const { requestId, context } = await host.db.company(companyId, async (transaction) => {
    const row = await transaction.knex<WalkInRow>('signatures_walk_in').where({ company_id: companyId, id: walkInId }).forUpdate().first()
    if (row === undefined) throw new Fault('SIGNATURES-WALK-IN-UNKNOWN', { status: 404 })
    const walkIn = walkInOf(row)
    const closed = closedReason(walkIn, host.now())
    if (closed !== undefined) throw new Fault('SIGNATURES-WALK-IN-CLOSED', { status: 410, params: { reason: closed } })
    await refuseTooMany(host, transaction, email)
    // The sender is who made the link: replies come to him.
    const sender: CompanyContext = { ...system, actor: { kind: 'user', id: walkIn.createdBy.id, name: walkIn.createdBy.name } }
    const made = await createRequest(host, transaction, sender, {
      templateId: walkIn.templateId,
      signers: [...walkIn.signers, { role: walkIn.role, name, email, locale: visitor.locale }],
      metadata: { walk_in: walkIn.id },
    })
    await transaction.knex('signatures_walk_in').where({ company_id: companyId, id: walkInId }).increment('made', 1)
    return { requestId: made, context: sender }
  })
  const request = await sendRequest(host, context, requestId)
  const signer = request.signers.find(({ email: address }) => address?.toLowerCase() === email)
  if (signer === undefined) throw new Error('who came is a signer of his request')
  return host.db.company(companyId, (transaction) => newLink(host, transaction, signer))
}

async function refuseTooMany(host: Host, transaction: CompanyTransaction, email: string): Promise<void> {
  const since = new Date(host.now().getTime() - 86_400_000)
  const rows: { count: string }[] = await transaction
    .knex('signatures_signer as signer')
    .join('signatures_request as request', function () {
      this.on('request.company_id', 'signer.company_id').andOn('request.id', 'signer.request_id')
    })
    .where('signer.company_id', transaction.companyId)
    .whereRaw('lower(signer.email) = ?', [email])
    .whereRaw(`jsonb_exists(request.metadata, 'walk_in')`)
    .where('request.created_at', '>', since)
    .count({ count: '*' })
  if (Number(rows[0]?.count ?? 0) >= mostPerAddress) throw new Fault('SIGNATURES-WALK-IN-OFTEN', { status: 429 })
}
