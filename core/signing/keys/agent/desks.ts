import { randomInt, randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { CompanyContext } from '../../../access/context.js'
import type { Audit } from '../../../audit/audit.js'
import { LoginThrottle } from '../../../access/login-throttle.js'
import type { CompanyTransaction, Database } from '../../../db/database.js'
import { Fault } from '../../../i18n/fault.js'
import type { HostKey } from './host-key.js'
import { pairRequestShape, readDeskKey, signedText, signText, textIsSigned, type DeskToken, type pairAnswerShape } from './protocol.js'
import type { z } from 'zod'

/** A paired program on a PC. */
export interface Desk {
  readonly id: string
  readonly name: string
  readonly state: 'paired' | 'stopped'
  readonly publicKey: Buffer
  readonly pairedAt: Date
  readonly pairedBy: string
  readonly seenAt: Date | null
  readonly connected: boolean
  readonly software: string | null
  readonly tokens: readonly DeskToken[]
}

interface DeskRow {
  id: string
  name: string
  state: Desk['state']
  public_key: Buffer
  paired_at: Date
  paired_by: string
  seen_at: Date | null
  connected_until: Date | null
  software: string | null
  tokens: DeskToken[]
}

/** Without 0, 1, I, L, O, U: what is read aloud is typed as it was meant. 10 of 30 signs: 49 bits, ten minutes, few tries. */
const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeLength = 10
const codeMinutes = 10
/** A desk that was not heard of for so long counts as away. Its heartbeat is a third of that. */
export const connectedMs = 45_000

/** What the list of desks rests on. */
export interface DeskParts {
  readonly database: Database
  readonly audit: Audit
  readonly now: () => Date
  readonly hostKey: () => HostKey
}

/** What is known of a key on a desk's token, as the desk tells it; what it did not tell is not there. */
export function tokenAttributes(desk: string, token: DeskToken, key: DeskToken['keys'][number]): Record<string, string | boolean> {
  return {
    desk,
    tokenSerial: token.serial,
    tokenLabel: token.label,
    tokenModel: token.model,
    tokenManufacturer: token.manufacturer,
    module: token.library,
    keyLabel: key.label,
    ...token.facts,
    ...key.protection,
  }
}

/** Pairing of desks and what the host knows of them. */
export class Desks {
  /** Event `stopped` (agentId): sockets of it are closed. */
  readonly bell = new EventEmitter()
  private readonly throttle: LoginThrottle

  constructor(private readonly parts: DeskParts) {
    this.throttle = new LoginThrottle(parts.database)
  }

  /** A code that pairs one desk with the company, once, within ten minutes. It is shown once and stored as a keyed hash. */
  async newCode(transaction: CompanyTransaction, context: CompanyContext): Promise<{ code: string; expiresAt: Date }> {
    const signs = Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)] ?? '')
    const code = `${signs.slice(0, 5).join('')}-${signs.slice(5).join('')}`
    const expiresAt = new Date(this.parts.now().getTime() + codeMinutes * 60_000)
    const { knex, companyId } = transaction
    await knex('core_agent_pairing').where('expires_at', '<=', this.parts.now()).delete()
    await knex('core_agent_pairing').insert({
      code_hash: this.parts.hostKey().hashCode(plainCode(code)),
      company_id: companyId,
      created_by: context.actor.name,
      expires_at: expiresAt,
    })
    const subject = { type: 'agent', id: companyId }
    this.parts.audit.record(transaction, context, { action: 'agent.code-made', subject })
    return { code, expiresAt }
  }

  /**
   * A desk comes with a code and its public key. The code is spent by the try that fits it; wrong ones are counted by address.
   * @throws Fault SIGN-AGENT-CODE (403) for a wrong, spent or old one alike, SIGN-AGENT-TOO-MANY (429), SIGN-AGENT-PAIRING-MALFORMED (400)
   */
  async pair(given: unknown, address: string): Promise<z.infer<typeof pairAnswerShape>> {
    const parsed = pairRequestShape.safeParse(given)
    if (!parsed.success) throw new Fault('SIGN-AGENT-PAIRING-MALFORMED', { status: 400 })
    const { code, name, publicKey, proof } = parsed.data
    if (!provesKey(publicKey, code, proof)) throw new Fault('SIGN-AGENT-PAIRING-MALFORMED', { status: 400 })
    const wait = await this.throttle.reserve(`agent pairing ${address}`, `agent ${address}`)
    if (wait !== undefined) throw new Fault('SIGN-AGENT-TOO-MANY', { status: 429, params: { seconds: wait } })
    const hostKey = this.parts.hostKey()
    const hash = hostKey.hashCode(plainCode(code))
    // Deleting is taking: of two tries with one code the second finds nothing.
    const [taken] = await this.parts.database.host((knex) =>
      knex('core_agent_pairing')
        .where({ code_hash: hash })
        .delete()
        .returning<{ company_id: string; created_by: string; expires_at: Date }[]>(['company_id', 'created_by', 'expires_at']),
    )
    if (taken === undefined || taken.expires_at <= this.parts.now()) throw new Fault('SIGN-AGENT-CODE', { status: 403 })
    await this.throttle.succeeded(`agent pairing ${address}`, `agent ${address}`)
    const company = await this.companyName(taken.company_id)
    const agentId = randomUUID()
    await this.parts.database.company(taken.company_id, async (transaction) => {
      await transaction.knex('core_agent').insert({
        company_id: transaction.companyId,
        id: agentId,
        name,
        public_key: Buffer.from(publicKey, 'base64'),
        paired_at: this.parts.now(),
        paired_by: taken.created_by,
      })
      const context: CompanyContext = {
        companyId: transaction.companyId,
        actor: { kind: 'signer', id: agentId, name },
        locale: 'en',
        source: 'api',
        groups: new Set(),
      }
      this.parts.audit.record(transaction, context, {
        action: 'agent.paired',
        subject: { type: 'agent', id: agentId, label: name },
        facts: { codeBy: taken.created_by },
      })
    })
    const own = hostKey.publicKey.toString('base64')
    return {
      agentId,
      companyId: taken.company_id,
      company,
      hostKey: own,
      proof: signText(hostKey.privateKey, signedText('paired', publicKey, agentId, taken.company_id)),
    }
  }

  /** All desks of the company, in the order they were paired, stopped ones too. */
  async list(transaction: CompanyTransaction): Promise<Desk[]> {
    const rows = await transaction
      .knex<DeskRow>('core_agent')
      .where('company_id' as 'id', transaction.companyId)
      .orderBy('paired_at')
      .select<DeskRow[]>('*')
    return rows.map((row) => this.deskOf(row))
  }

  /** Ids of the desks that may answer. */
  async pairedIds(transaction: CompanyTransaction): Promise<ReadonlySet<string>> {
    const rows = await transaction
      .knex('core_agent')
      .where({ company_id: transaction.companyId, state: 'paired' })
      .select<{ id: string }[]>('id')
    return new Set(rows.map(({ id }) => id))
  }

  /** @throws Fault SIGN-AGENT-UNKNOWN (404) */
  async desk(transaction: CompanyTransaction, id: string): Promise<Desk> {
    const row = await transaction
      .knex<DeskRow>('core_agent')
      .where({ id })
      .where('company_id' as 'id', transaction.companyId)
      .first<DeskRow | undefined>()
    if (row === undefined) throw new Fault('SIGN-AGENT-UNKNOWN', { status: 404 })
    return this.deskOf(row)
  }

  /** From this moment the desk is refused; its open connections end. */
  async unpair(transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<void> {
    const desk = await this.desk(transaction, id)
    if (desk.state === 'stopped') return
    await transaction
      .knex('core_agent')
      .where({ company_id: transaction.companyId, id })
      .update({ state: 'stopped', stopped_at: this.parts.now(), connected_until: null, tokens: '[]' })
    this.parts.audit.record(transaction, context, { action: 'agent.unpaired', subject: { type: 'agent', id, label: desk.name } })
    transaction.afterCommit(() => this.bell.emit('stopped', id))
  }

  /** The person at the PC ended the pairing there. */
  left(companyId: string, desk: { readonly id: string; readonly name: string }): Promise<void> {
    const actor = { kind: 'signer' as const, id: desk.id, name: desk.name }
    const context: CompanyContext = { companyId, actor, locale: 'en', source: 'api', groups: new Set() }
    return this.parts.database.company(companyId, (transaction) => this.unpair(transaction, context, desk.id))
  }

  /** Written by the connection: the desk is there, with these tokens (unchanged when not given). */
  async seen(companyId: string, id: string, facts: { tokens?: readonly DeskToken[]; software?: string; left?: boolean }): Promise<void> {
    const now = this.parts.now()
    await this.parts.database.company(companyId, async (transaction) => {
      const [paired] = await transaction
        .knex('core_agent')
        .where({ company_id: companyId, id, state: 'paired' })
        .update({
          seen_at: now,
          connected_until: facts.left === true ? null : new Date(now.getTime() + connectedMs),
          ...(facts.tokens === undefined ? {} : { tokens: JSON.stringify(facts.tokens) }),
          ...(facts.software === undefined ? {} : { software: facts.software }),
        })
        .returning<{ name: string }[]>('name')
      if (paired !== undefined && facts.tokens !== undefined) await this.noteEvidence(transaction, { id, name: paired.name }, facts.tokens)
    })
  }

  /**
   * Keys in use learn what their token said of them when it was unlocked, before the first signature of the batch is stored: it is
   * kept with each signature.
   */
  private async noteEvidence(
    transaction: CompanyTransaction,
    desk: { id: string; name: string },
    tokens: readonly DeskToken[],
  ): Promise<void> {
    const { knex, companyId } = transaction
    for (const token of tokens)
      for (const key of token.keys) {
        if (key.protection === undefined) continue
        const attributes = JSON.stringify(tokenAttributes(desk.name, token, key))
        const { rows } = await knex.raw<{ rows: { id: string; name: string }[] }>(
          `update core_key set attributes = attributes || ?::jsonb
           where company_id = ? and provider = 'agent' and public_key = ? and not attributes @> ?::jsonb returning id, name`,
          [attributes, companyId, Buffer.from(key.publicKey, 'base64'), attributes],
        )
        for (const { id, name } of rows) {
          const actor = { kind: 'signer' as const, id: desk.id, name: desk.name }
          const context: CompanyContext = { companyId, actor, locale: 'en', source: 'api', groups: new Set() }
          this.parts.audit.record(transaction, context, {
            action: 'key.token-told',
            subject: { type: 'key', id, label: name },
            facts: { ...token.facts, ...key.protection, tokenSerial: token.serial, tokenModel: token.model },
          })
        }
      }
  }

  /** What a desk calls the company; empty when it is gone. */
  async companyName(companyId: string): Promise<{ name: string; nameAr: string | null }> {
    const row = await this.parts.database.host((knex) =>
      knex('core_company').where({ id: companyId }).first<{ name: string; name_ar: string | null } | undefined>('name', 'name_ar'),
    )
    return { name: row?.name ?? '', nameAr: row?.name_ar ?? null }
  }

  private deskOf(row: DeskRow): Desk {
    return {
      id: row.id,
      name: row.name,
      state: row.state,
      publicKey: row.public_key,
      pairedAt: row.paired_at,
      pairedBy: row.paired_by,
      seenAt: row.seen_at,
      connected: row.state === 'paired' && row.connected_until !== null && row.connected_until > this.parts.now(),
      software: row.software,
      tokens: row.tokens,
    }
  }
}

/** As people type it: any case, with or without the dash. */
function plainCode(code: string): string {
  return code.toUpperCase().replace(/[^0-9A-Z]/g, '')
}

function provesKey(publicKey: string, code: string, proof: string): boolean {
  try {
    return textIsSigned(readDeskKey(publicKey), signedText('pair', code, publicKey), proof)
  } catch {
    // Bytes that are no Ed25519 key.
    return false
  }
}
