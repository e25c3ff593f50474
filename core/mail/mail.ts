import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'

/** A mail to be sent. Attachments are files of the store. */
export interface OutgoingMail {
  readonly to: readonly string[]
  readonly cc?: readonly string[]
  readonly replyTo?: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  readonly attachments?: readonly { readonly name: string; readonly sha256: string }[]
  /** The record the mail belongs to, for its message log and delivery state. */
  readonly subjectRecord?: { readonly type: string; readonly id: string }
  /** The text carries a secret (a private link, a code): text and HTML are removed from the row once it was sent; the subject stays. */
  readonly confidential?: boolean
}

/** How far a mail has come; `failed` is final. */
export type MailState = 'queued' | 'sending' | 'sent' | 'failed'

/** Mails are rows; a job hands them to the SMTP server, never a request. */
export interface Mail {
  queue(transaction: CompanyTransaction, context: CompanyContext, mail: OutgoingMail): Promise<string>
  statesOf(
    transaction: CompanyTransaction,
    record: { type: string; id: string },
  ): Promise<{ id: string; to: readonly string[]; subject: string; state: MailState; error: string | null; at: Date }[]>
  retry(transaction: CompanyTransaction, context: CompanyContext, mailId: string): Promise<void>
}
