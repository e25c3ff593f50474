import { randomUUID } from 'node:crypto'
import nodemailer, { type Transporter } from 'nodemailer'
import { z } from 'zod'
import type { Configuration } from '../../config/schema.js'
import type { CompanyContext } from '../access/context.js'
import type { Audit } from '../audit/audit.js'
import { storableText } from '../audit/canonical-json.js'
import type { CompanyTransaction, Database } from '../db/database.js'
import type { Files } from '../files/files.js'
import type { Logger } from '../host/logger.js'
import { containedText } from '../i18n/contained-text.js'
import { Fault } from '../i18n/fault.js'
import type { JobCall, JobHandler, Jobs } from '../jobs/jobs.js'
import type { Mail, MailState, OutgoingMail } from './mail.js'

/** What mail rests on. */
export interface MailOptions {
  readonly database: Database
  readonly files: Files
  readonly jobs: Jobs
  /** Binds the job `mail.send` to its handler. */
  readonly define: (name: string, handler: JobHandler<object>) => void
  readonly audit: Audit
  readonly smtp: Configuration['smtp']
  readonly logger: Logger
  readonly now: () => Date
}

/** Mail with what only the host may do with it: `close` ends the connections to the server. */
export interface MailSystem extends Mail {
  close(): void
}

interface MailRow {
  company_id: string
  id: string
  state: MailState
  message_id: string
  recipients: string[]
  copies: string[]
  reply_to: string | null
  subject: string
  text: string
  html: string | null
  attachments: { name: string; sha256: string }[]
  record_type: string | null
  record_id: string | null
  confidential: boolean
  error: string | null
  attempts: number
  created_at: Date
  changed_at: Date
}

const sendJob = 'mail.send'
const sendPayload = z.object({ mailId: z.uuid() })
const mostAttempts = 12

/**
 * Outgoing mail as rows. A mail goes queued -> sending -> sent, or failed with the reason. `sending` is committed before
 * the SMTP server is spoken to: a mail found in that state again may have been accepted already, and goes out with the
 * same Message-ID (RFC 5322, 3.6.4), by which the receiving side knows it for the same mail.
 */
export function createMail(options: MailOptions): MailSystem {
  const { database, files, jobs, audit, smtp, now } = options
  let transport: Transporter | undefined

  function server(): Transporter {
    if (smtp.host === null) throw new Fault('MAIL-NOT-CONFIGURED', { status: 503 })
    transport ??= nodemailer.createTransport({
      host: smtp.host,
      port: smtp.port,
      secure: smtp.secure,
      pool: true,
      maxConnections: 2,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 30_000,
      // attachments are bytes from our own store; nothing in a mail may make this host read a file or an address
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(smtp.user === null ? {} : { auth: { user: smtp.user, pass: smtp.password ?? '' } }),
    })
    return transport
  }

  async function queue(transaction: CompanyTransaction, context: CompanyContext, mail: OutgoingMail): Promise<string> {
    if (mail.to.length === 0) throw new Fault('MAIL-NO-RECIPIENT', { path: 'to' })
    for (const [index, address] of [...mail.to, ...(mail.cc ?? [])].entries()) checkAddress(address, index)
    const id = randomUUID()
    await transaction.knex('core_mail').insert({
      company_id: transaction.companyId,
      id,
      state: 'queued',
      message_id: `<${id}@${domainOf(smtp.from)}>`,
      recipients: JSON.stringify(mail.to),
      copies: JSON.stringify(mail.cc ?? []),
      reply_to: mail.replyTo ?? null,
      subject: containedText(storableText(mail.subject)).replace(/[\r\n]+/g, ' '),
      text: containedText(storableText(mail.text)),
      html: mail.html === undefined ? null : storableText(mail.html),
      attachments: JSON.stringify(mail.attachments ?? []),
      record_type: mail.subjectRecord?.type ?? null,
      record_id: mail.subjectRecord?.id ?? null,
      confidential: mail.confidential ?? false,
      created_at: now(),
      changed_at: now(),
    })
    await jobs.add(transaction, sendJob, { mailId: id }, { maxAttempts: mostAttempts, key: `mail:${id}` })
    audit.record(transaction, context, {
      action: 'mail.queued',
      subject: mail.subjectRecord ?? { type: 'mail', id },
      facts: { mail: id, to: mail.to.join(', '), subject: mail.subject },
    })
    return id
  }

  async function send(payload: object, call: JobCall): Promise<void> {
    const { mailId } = sendPayload.parse(payload)
    const { companyId } = call.context
    const taken = await database.company(companyId, async (transaction) => {
      const mail = await lock(transaction, mailId)
      if (mail === undefined || mail.state === 'sent' || mail.state === 'failed') return undefined
      await change(transaction, mailId, { state: 'sending', attempts: mail.attempts + 1 })
      const attachments = await Promise.all(
        mail.attachments.map(async ({ name, sha256 }) => {
          const file = await files.get(transaction, sha256)
          return { filename: name, content: file.bytes, contentType: file.mediaType }
        }),
      ).catch((error: unknown) => {
        if (error instanceof Fault) return error
        throw error
      })
      return { mail, attachments }
    })
    if (taken === undefined) return
    const { mail, attachments } = taken
    try {
      if (attachments instanceof Fault) throw attachments
      const answer: unknown = await server().sendMail({
        from: smtp.from,
        to: mail.recipients,
        cc: mail.copies,
        ...(mail.reply_to === null ? {} : { replyTo: mail.reply_to }),
        subject: mail.subject,
        text: mail.text,
        ...(mail.html === null ? {} : { html: mail.html }),
        messageId: mail.message_id,
        date: mail.created_at,
        attachments,
      })
      const refused = refusedBy(answer)
      await settle(call, mail, 'sent', refused.length === 0 ? null : `refused for ${refused.join(', ')}`)
    } catch (error) {
      const final = isFinal(error) || call.attempt >= call.maxAttempts
      await settle(call, mail, final ? 'failed' : 'queued', reasonOf(error))
      if (!final) throw error
    }
  }

  async function settle(call: JobCall, mail: MailRow, state: MailState, error: string | null): Promise<void> {
    await database.company(call.context.companyId, async (transaction) => {
      await change(transaction, mail.id, { state, error, ...(state === 'sent' && mail.confidential ? { text: '', html: null } : {}) })
      if (state === 'queued') return
      audit.record(transaction, call.context, {
        action: state === 'sent' ? 'mail.sent' : 'mail.failed',
        subject: { type: mail.record_type ?? 'mail', id: mail.record_id ?? mail.id },
        facts: { mail: mail.id, to: mail.recipients.join(', '), ...(error === null ? {} : { error }) },
      })
    })
  }

  async function change(transaction: CompanyTransaction, id: string, changes: Partial<MailRow>): Promise<void> {
    await transaction
      .knex<MailRow>('core_mail')
      .where({ company_id: transaction.companyId, id })
      .update({ ...changes, changed_at: now() })
  }

  function lock(transaction: CompanyTransaction, id: string): Promise<MailRow | undefined> {
    return transaction.knex<MailRow>('core_mail').where({ company_id: transaction.companyId, id }).forUpdate().first()
  }

  options.define(sendJob, send)

  return {
    queue,
    async statesOf(transaction, record) {
      const rows = await transaction
        .knex<MailRow>('core_mail')
        .where({ company_id: transaction.companyId, record_type: record.type, record_id: record.id })
        .orderBy('created_at', 'desc')
      return rows.map((row) => ({
        id: row.id,
        to: row.recipients,
        subject: row.subject,
        state: row.state,
        error: row.error,
        at: row.changed_at,
      }))
    },
    async retry(transaction, context, mailId) {
      const mail = await lock(transaction, mailId)
      if (mail === undefined) throw new Fault('MAIL-UNKNOWN', { status: 404 })
      if (mail.state !== 'failed') throw new Fault('MAIL-NOT-FAILED', { status: 409, params: { state: mail.state } })
      await change(transaction, mailId, { state: 'queued', error: null })
      await jobs.add(transaction, sendJob, { mailId }, { maxAttempts: mostAttempts, key: `mail:${mailId}` })
      audit.record(transaction, context, {
        action: 'mail.queued',
        subject: { type: mail.record_type ?? 'mail', id: mail.record_id ?? mail.id },
        facts: { mail: mail.id, to: mail.recipients.join(', '), subject: mail.subject },
      })
    },
    close() {
      transport?.close()
    },
  }
}

/** Only what keeps an address from becoming a header or a second address; the SMTP server judges the rest. */
function checkAddress(address: string, index: number): void {
  if (!/^[^\s@<>,;:"()\\]+@[^\s@<>,;:"()\\]+$/.test(address) || address.length > 254) {
    throw new Fault('MAIL-ADDRESS', { path: `to[${String(index)}]`, params: { address: address.slice(0, 100) } })
  }
}

function domainOf(from: string): string {
  return /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost'
}

/** A fault of ours, or a 5xx answer of the server (RFC 5321, 4.2.1: permanent): trying again gives the same. */
function isFinal(error: unknown): boolean {
  if (error instanceof Fault) return true
  return error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number' && error.responseCode >= 500
}

function reasonOf(error: unknown): string {
  if (error instanceof Fault) return error.code
  return storableText(error instanceof Error ? error.message : String(error)).slice(0, 500)
}

function refusedBy(answer: unknown): string[] {
  const parsed = z.object({ rejected: z.array(z.string()) }).safeParse(answer)
  return parsed.success ? parsed.data.rejected : []
}
