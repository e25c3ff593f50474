import type { Readable, Writable } from 'node:stream'
import { Fault } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import { sumsOf } from './page-state.js'
import { shownText } from './shown-text.js'
import { labelOf } from './offers.js'
import type { SigningDesk } from './signing-desk.js'

/** Where a person answers; the PIN is read in raw mode, so that it is not shown. */
export interface Terminal {
  readonly input: Readable & { setRawMode?: (raw: boolean) => void; isTTY?: boolean }
  readonly output: Writable
}

/**
 * The desk in a terminal, for PCs without a browser: shows what waits, asks whether to sign all of it, then the PIN, which is
 * not echoed. Lines of one token at a time. Ends with the signal.
 */
export class TerminalDesk {
  private asking = false
  private shown = ''
  private stopped = false

  constructor(
    private readonly desk: SigningDesk,
    private readonly terminal: Terminal,
    private readonly texts: Translator,
    private readonly locale: Locale,
  ) {
    desk.bell.on('change', () => {
      void this.offer()
    })
  }

  /** Asks no further question. */
  stop(): void {
    this.stopped = true
    this.terminal.input.pause()
  }

  /**
   * Shows what waits for one token and asks whether to sign it; with the PIN, if the token wants one. Asks once until something
   * changes.
   */
  async offer(): Promise<void> {
    if (this.asking || this.stopped) return
    const ready = this.desk.pending.filter((one) => this.desk.obstacle(one) === undefined)
    const [first] = ready
    const token = first === undefined ? undefined : this.desk.keyOf(first.offer)?.token
    const batch = ready.filter(({ offer }) => this.desk.keyOf(offer)?.token.token.serial === token?.token.serial)
    const ids = batch.map(({ offer }) => offer.id)
    // What was declined is not asked about until something changes.
    if (token === undefined || ids.join() === this.shown) return
    this.asking = true
    this.shown = ids.join()
    try {
      for (const { offer, check } of batch) {
        const amounts = offer.uses.flatMap(({ amount }) => (amount === undefined ? [] : [`${amount.value} ${amount.currency}`]))
        this.say(
          `${labelOf(offer)}  ${amounts.join(' ')}  ${offer.askedBy ?? ''}  ${offer.digestAlgorithm}:${offer.digest}  [${check.tie}]`,
        )
        for (const { label, value } of check.document?.facts ?? []) this.say(`    ${label[this.locale]}: ${shownText(value)}`)
      }
      const sums = sumsOf(batch).map(({ value, currency }) => `${value} ${currency}`)
      const answer = await this.read(this.text('agent.cli.ask', { count: ids.length, sums: sums.join(' + ') || '—' }), true)
      if (!/^\s*(?:y|yes|نعم|да)\s*$/i.test(answer.toString('utf8'))) return
      const needsPin = token.token.loginRequired && !token.unlocked && !token.token.protectedPath
      if (token.token.pinFinalTry) this.say(this.text('agent.page.pin.final'))
      else if (token.token.pinCountLow) this.say(this.text('agent.page.pin.low'))
      // The question before was answered with the warning known only now: a last try is confirmed by typing the PIN at all.
      const pin = needsPin ? await this.read(this.text('agent.cli.pin', { token: token.token.label }), false) : undefined
      const results = await this.desk.sign(ids, pin, { finalTry: token.token.pinFinalTry })
      const signed = results.filter(({ state }) => state === 'signed').length
      this.say(this.text('agent.page.signed', { count: signed, of: results.length }))
      for (const { fault } of results) if (fault !== undefined) this.say(this.texts.fault(this.locale, fault))
    } catch (error) {
      this.say(error instanceof Fault ? this.texts.fault(this.locale, { code: error.code, params: error.params }) : String(error))
      // After a wrong PIN nothing is asked again by itself: the next question comes with the next change of what waits.
    } finally {
      this.asking = false
    }
    if (this.desk.pending.map(({ offer }) => offer.id).join() !== this.shown) void this.offer()
  }

  private text(key: string, params: Record<string, string | number> = {}): string {
    return this.texts.text(this.locale, key, params)
  }

  private say(line: string): void {
    this.terminal.output.write(`${line}\n`)
  }

  /** One line as bytes; without echo where the terminal can. */
  private read(question: string, echo: boolean): Promise<Buffer> {
    const { input, output } = this.terminal
    output.write(question)
    const raw = !echo && input.isTTY === true
    if (raw) input.setRawMode?.(true)
    return new Promise((resolve, reject) => {
      const typed = Buffer.alloc(256)
      let length = 0
      const done = (finish: () => void): void => {
        input.off('data', onData)
        input.pause()
        if (raw) input.setRawMode?.(false)
        if (!echo) output.write('\n')
        finish()
      }
      const onData = (chunk: Buffer): void => {
        for (const byte of chunk) {
          if (byte === 0x0a || byte === 0x0d) {
            const line = Buffer.from(typed.subarray(0, length))
            typed.fill(0)
            chunk.fill(0)
            done(() => {
              resolve(line)
            })
            return
          }
          if (byte === 0x03 || byte === 0x04) {
            typed.fill(0)
            done(() => {
              reject(new Fault('SIGN-AGENT-NOTHING', { status: 409 }))
            })
            if (byte === 0x03) process.kill(process.pid, 'SIGINT')
            return
          }
          if ((byte === 0x7f || byte === 0x08) && raw) length = Math.max(0, length - 1)
          else if (length < typed.length) typed[length++] = byte
        }
        chunk.fill(0)
      }
      input.on('data', onData)
      input.resume()
    })
  }
}
