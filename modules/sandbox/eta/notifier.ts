import { randomUUID } from 'node:crypto'
import type { EtaDocument, EtaRegister } from './register.js'

export type NotificationType = 'document-validated' | 'document-received' | 'document-rejected' | 'document-cancelled'

/** One notification as it was sent, and what the taxpayer's system answered (0: it could not be reached). */
export interface SentNotification {
  readonly rin: string
  readonly deliveryId: string
  readonly type: string
  readonly at: string
  readonly status: number
}

interface Delivery {
  readonly deliveryId: string
  readonly type: string
  readonly count?: number
  readonly message: object
}

const tries = 3
const betweenMs = 300
const kept = 200

/** Tells taxpayers' systems what happened: `PUT {base}/notifications/…` with their own key, again when it fails, same delivery. */
export class EtaNotifier {
  readonly sent: SentNotification[] = []
  private readonly waiting = new Set<NodeJS.Timeout>()
  private closed = false

  constructor(
    private readonly register: EtaRegister,
    private readonly now: () => Date,
  ) {}

  /** When the verdict is out, issuer and receiver hear of it. */
  later(document: EtaDocument, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.waiting.delete(timer)
      this.tell(document, 'document-validated', [document.issuer])
      if (document.verdict === 'Valid') this.tell(document, 'document-received', [document.receiver])
    }, milliseconds + 10)
    timer.unref()
    this.waiting.add(timer)
  }

  tell(document: EtaDocument, type: NotificationType, rins: readonly string[]): void {
    for (const rin of new Set(rins)) {
      const status = this.register.statusOf(document, this.now())
      const { uuid, submission, longId, internalId } = document
      const message = [{ type, uuid, submissionUUID: submission, longId, internalId, status }]
      this.deliver(rin, '/notifications/documents', { deliveryId: randomUUID(), type, count: 1, message })
    }
  }

  /** Receipts of one submission have their verdict. */
  receiptsLater(rin: string, submission: string, uuids: readonly string[], milliseconds: number): void {
    const type = 'receipt-validated'
    const timer = setTimeout(() => {
      this.waiting.delete(timer)
      const message = uuids.map((uuid) => ({ type, uuid, submissionUUID: submission }))
      this.deliver(rin, '/notifications/receipts', { deliveryId: randomUUID(), type, count: message.length, message })
    }, milliseconds + 10)
    timer.unref()
    this.waiting.add(timer)
  }

  packageReady(rin: string, packageId: string): void {
    const type = 'document-package-ready'
    this.deliver(rin, '/notifications/documentpackages', { deliveryId: randomUUID(), type, message: { type, packageId } })
  }

  private deliver(rin: string, path: string, body: Delivery): void {
    const target = this.register.taxpayer(rin)?.notifications
    if (target === null || target === undefined) return
    void this.attempt(rin, `${target.url.replace(/\/$/, '')}${path}`, target.apiKey, body, 1)
  }

  private async attempt(rin: string, url: string, apiKey: string, body: Delivery, attempt: number): Promise<void> {
    if (this.closed) return
    const headers = { authorization: `ApiKey ${apiKey}`, 'content-type': 'application/json', 'accept-language': 'ar' }
    const status = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(5000) }).then(
      (answer) => answer.status,
      () => 0,
    )
    this.sent.unshift({ rin, deliveryId: body.deliveryId, type: body.type, at: this.now().toISOString(), status })
    this.sent.length = Math.min(this.sent.length, kept)
    if ((status >= 200 && status < 300) || attempt >= tries) return
    const timer = setTimeout(() => {
      this.waiting.delete(timer)
      void this.attempt(rin, url, apiKey, body, attempt + 1)
    }, betweenMs)
    timer.unref()
    this.waiting.add(timer)
  }

  close(): void {
    this.closed = true
    for (const timer of this.waiting) clearTimeout(timer)
  }
}
