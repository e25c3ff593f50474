import { readFileSync, statSync } from 'node:fs'
import { Fault } from '../../../i18n/fault.js'

/** The PIN of a service's credentials, read when it is needed and wiped after it was sent. */
export class PinFile {
  /** State of the file, by credential, when the service refused its PIN: no further try until someone changed it. */
  private readonly refused = new Map<string, string>()
  /** The same when the answer to a PIN was lost that had never been accepted: it may have been wrong. */
  private readonly unsure = new Map<string, string>()
  /** State of the file, by credential, when its PIN was accepted. */
  private readonly accepted = new Map<string, string>()

  constructor(
    private readonly service: string,
    private readonly file: string | null,
  ) {}

  /**
   * @returns the PIN as bytes of a JSON string without its quotes; the caller wipes them
   * @throws Fault SIGN-PIN-WRONG (refused before, file unchanged), SIGN-CSC-PIN-UNSURE, SIGN-CSC-PIN-MISSING
   */
  read(credential: string): Buffer {
    if (this.file === null) throw this.missing()
    const state = this.state()
    if (this.refused.get(credential) === state) throw wrongPin(this.service)
    if (this.unsure.get(credential) === state) throw new Fault('SIGN-CSC-PIN-UNSURE', { params: { service: this.service }, status: 503 })
    let bytes: Buffer
    try {
      bytes = readFileSync(this.file)
    } catch {
      throw this.missing()
    }
    let end = bytes.length
    while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--
    const pin = bytes.subarray(0, end)
    // Printable ASCII without quote and backslash: it stands in JSON as it is, so no text of it is ever made.
    if (end === 0 || end > 64 || pin.some((byte) => byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c)) {
      bytes.fill(0)
      throw this.missing()
    }
    return pin
  }

  /** The service refused the PIN of this credential. */
  wasRefused(credential: string): void {
    this.refused.set(credential, this.state())
  }

  /** The service took the PIN of the file as it is now. */
  wasAccepted(credential: string): void {
    this.accepted.set(credential, this.state())
  }

  /** The PIN was sent and no answer came. One that was accepted before is right; another is not tried a second time. */
  answerLost(credential: string): void {
    const state = this.state()
    if (this.accepted.get(credential) !== state) this.unsure.set(credential, state)
  }

  private state(): string {
    if (this.file === null) return 'none'
    try {
      const { mtimeMs, size, ino } = statSync(this.file)
      return `${mtimeMs}|${size}|${ino}`
    } catch {
      return 'missing'
    }
  }

  private missing(): Fault {
    return new Fault('SIGN-CSC-PIN-MISSING', { params: { service: this.service }, status: 503 })
  }
}

/** The service refused the PIN. It is not tried again before its file changes: services lock after a few tries. */
export function wrongPin(service: string): Fault {
  return new Fault('SIGN-PIN-WRONG', { params: { module: service }, status: 503 })
}
