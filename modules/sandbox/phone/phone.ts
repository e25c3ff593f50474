import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { hasKind, Journal } from '../state/journal.js'

/** A text message as it was handed to the provider. */
export interface TextMessage {
  readonly kind: 'sms'
  readonly id: string
  readonly at: string
  readonly to: string
  readonly text: string
}

/** A provider of text messages that delivers nowhere: everything is kept and shown. Numbers ending in 0000 are refused, so that failures can be tried. */
export class Phone {
  private readonly journal: Journal<TextMessage>
  private readonly lines: TextMessage[] = []

  constructor(folder: string) {
    this.journal = Journal.open<TextMessage>(join(folder, 'phone.ndjson'), hasKind<TextMessage>('sms'))
    this.lines.push(...this.journal.found)
  }

  /** @returns false for a number that is refused */
  take(to: string, text: string): boolean {
    if (/0000$/.test(to)) return false
    const line: TextMessage = { kind: 'sms', id: randomUUID(), at: new Date().toISOString(), to, text }
    this.journal.append(line)
    this.lines.push(line)
    return true
  }

  /** Oldest first. */
  all(): readonly TextMessage[] {
    return this.lines
  }

  reset(): void {
    this.journal.clear()
    this.lines.length = 0
  }

  close(): void {
    this.journal.close()
  }
}
