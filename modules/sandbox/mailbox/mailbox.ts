import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressObject, ParsedMail } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { hasKind, Journal } from '../state/journal.js'

interface MailLine {
  readonly kind: 'mail'
  readonly id: string
  readonly at: string
  readonly envelopeFrom: string
  readonly envelopeTo: readonly string[]
}

export interface MailAttachment {
  readonly name: string
  readonly mediaType: string
  readonly content: Buffer
}

/** A mail as it arrived. */
export interface Mail {
  readonly id: string
  readonly at: Date
  readonly from: string
  /** Recipients of the envelope, blind copies included. */
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  /** Empty when the mail has no HTML part. */
  readonly html: string
  readonly attachments: readonly MailAttachment[]
  readonly messageId: string
  readonly source: Buffer
}

const maxMail = 25 * 1024 * 1024

/**
 * A mail server that delivers nowhere: everything sent to it is kept and shown. Recipients `bounce@…` are refused for good (550)
 * and `later@…` for now (451), so that delivery states can be tried.
 */
export class Mailbox {
  private readonly journal: Journal<MailLine>
  private readonly lines: MailLine[] = []
  private readonly server: SMTPServer
  private readonly parsed = new Map<string, Mail>()

  constructor(private readonly folder: string) {
    mkdirSync(join(folder, 'mail'), { recursive: true, mode: 0o700 })
    this.journal = Journal.open<MailLine>(join(folder, 'mail.ndjson'), hasKind<MailLine>('mail'))
    this.lines.push(...this.journal.found)
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      size: maxMail,
      disableReverseLookup: true,
      logger: false,
      onAuth: (_auth, _session, callback) => {
        callback(null, { user: 'sandbox' })
      },
      onRcptTo: (address, _session, callback) => {
        const local = address.address.split('@')[0]
        if (local === 'bounce') callback(refusal(550, '5.1.1 no such mailbox'))
        else if (local === 'later') callback(refusal(451, '4.3.0 try again later'))
        else callback()
      },
      onData: (stream, session, callback) => {
        const pieces: Buffer[] = []
        stream.on('data', (piece: Buffer) => pieces.push(piece))
        stream.on('error', callback)
        stream.on('end', () => {
          if (stream.sizeExceeded) {
            callback(refusal(552, '5.3.4 message too big'))
            return
          }
          const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address
          this.keep(
            Buffer.concat(pieces),
            from,
            session.envelope.rcptTo.map((one) => one.address),
          )
          callback()
        })
      },
    })
    // A client that drops its connection is no fault of the sandbox.
    this.server.on('error', () => undefined)
  }

  /** @returns the port taken; throws when the wanted one is in use */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.server.once('error', reject)
      this.server.listen(port, '127.0.0.1', () => {
        const address = this.server.server.address()
        this.server.server.off('error', reject)
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  /** Oldest first. */
  async all(): Promise<Mail[]> {
    return Promise.all(this.lines.map((line) => this.read(line)))
  }

  async one(id: string): Promise<Mail | undefined> {
    const line = this.lines.find((one) => one.id === id)
    return line === undefined ? undefined : this.read(line)
  }

  get count(): number {
    return this.lines.length
  }

  reset(): void {
    this.journal.clear()
    this.lines.length = 0
    this.parsed.clear()
    rmSync(join(this.folder, 'mail'), { recursive: true, force: true })
    mkdirSync(join(this.folder, 'mail'), { mode: 0o700 })
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => {
        this.journal.close()
        resolve()
      })
    })
  }

  private keep(source: Buffer, envelopeFrom: string, envelopeTo: string[]): void {
    const id = randomUUID()
    writeFileSync(this.path(id), source, { mode: 0o600 })
    const line: MailLine = { kind: 'mail', id, at: new Date().toISOString(), envelopeFrom, envelopeTo }
    this.journal.append(line)
    this.lines.push(line)
  }

  private async read(line: MailLine): Promise<Mail> {
    const before = this.parsed.get(line.id)
    if (before !== undefined) return before
    const source = readFileSync(this.path(line.id))
    const { simpleParser } = await import('mailparser')
    const mail = shape(line, source, await simpleParser(source))
    this.parsed.set(line.id, mail)
    return mail
  }

  private path(id: string): string {
    return join(this.folder, 'mail', `${id}.eml`)
  }
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}

function shape(line: MailLine, source: Buffer, parsed: ParsedMail): Mail {
  return {
    id: line.id,
    at: new Date(line.at),
    from: addressText(parsed.from) || line.envelopeFrom,
    to: line.envelopeTo,
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html === false ? '' : parsed.html,
    attachments: parsed.attachments.map((one) => ({
      name: one.filename ?? createHash('sha256').update(one.content).digest('hex').slice(0, 12),
      mediaType: one.contentType,
      content: one.content,
    })),
    messageId: parsed.messageId ?? '',
    source,
  }
}

function addressText(address: AddressObject | undefined): string {
  return address?.text ?? ''
}
