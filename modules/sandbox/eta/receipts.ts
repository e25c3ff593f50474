import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Decimal } from 'decimal.js'
import { hasKind, Journal } from '../state/journal.js'
import { errorBody, EtaRefusal, type EtaAnswer } from './answers.js'
import { hashOf, newName, type Taxpayer } from './register.js'
import { itemsOf, memberOf, plainAt, readWritten, signedText, UnreadableJson, type Written } from './written-json.js'

/** Limits of a submission (receipt issuance FAQ). */
const mostReceipts = 500
const mostBytes = 1_500_000
const mostLines = 300
const windowMs = 24 * 3_600_000

/** A receipt the authority took, with what it thinks of it. */
export interface EtaReceipt {
  readonly kind: 'receipt'
  readonly uuid: string
  readonly previousUuid: string
  readonly corrects: string
  readonly rin: string
  readonly serial: string
  readonly number: string
  readonly total: string
  readonly submission: string
  readonly text: string
  readonly errors: readonly { readonly code: string; readonly message: string; readonly target: string }[]
  readonly receivedAt: string
  readonly decidedAt: string
}

/** Receipts of version 1.2: names by hash, chains by point of sale, one point of sale in a submission. */
export class EtaReceipts {
  private readonly journal: Journal<EtaReceipt>
  private readonly byUuid = new Map<string, EtaReceipt>()
  /** Point of sale each token was given to, by the token's hash. */
  private readonly logins = new Map<string, string>()

  constructor(
    folder: string,
    private readonly now: () => Date,
    private readonly decisionMs: () => number,
  ) {
    this.journal = Journal.open<EtaReceipt>(join(folder, 'eta-receipts.ndjson'), hasKind<EtaReceipt>('receipt'))
    for (const one of this.journal.found) this.byUuid.set(one.uuid, one)
  }

  /** Oldest first. */
  all(): EtaReceipt[] {
    return [...this.byUuid.values()]
  }

  /** A point of sale logs in with four headers. @returns false when it names itself badly */
  login(token: string, headers: { readonly [name: string]: string | undefined }): boolean {
    const { posserial, pososversion, posmodelframework, presharedkey } = headers
    const whole = [posserial, pososversion, posmodelframework, presharedkey].every((one) => one !== undefined && one !== '')
    if (!whole || (posmodelframework ?? '').length > 10) return false
    this.logins.set(hashOf(token), posserial ?? '')
    return true
  }

  /** POST receiptsubmissions. @throws EtaRefusal */
  submit(taxpayer: Taxpayer, body: string, token: string): EtaAnswer {
    const serial = this.logins.get(hashOf(token))
    if (serial === undefined) throw new EtaRefusal(403, 'IncorrectSubmitter', 'The token was not given to a point of sale')
    if (Buffer.byteLength(body) > mostBytes) throw new EtaRefusal(400, 'MaximumSizeExceeded', 'The submission is too large', 'receipts')
    let receipts: readonly Written[]
    try {
      receipts = itemsOf(memberOf(readWritten(body), 'receipts'))
    } catch (error) {
      if (!(error instanceof UnreadableJson)) throw error
      throw new EtaRefusal(400, 'BadStructure', 'The body is not JSON', 'receipts')
    }
    if (receipts.length === 0 || receipts.length > mostReceipts) {
      throw new EtaRefusal(400, 'BadStructure', `One to ${String(mostReceipts)} receipts`, 'receipts')
    }
    const submission = newName()
    const accepted: object[] = []
    const rejected: object[] = []
    for (const receipt of receipts) {
      const uuid = plainAt(receipt, 'header', 'uuid') ?? ''
      const receiptNumber = plainAt(receipt, 'header', 'receiptNumber') ?? ''
      const refuse = (code: string, message: string, target: string): void => {
        rejected.push({ uuid, receiptNumber, error: (errorBody(code, message, target) as { error: object }).error }) // as errorBody writes it
      }
      if (plainAt(receipt, 'seller', 'deviceSerialNumber') !== serial)
        refuse('IncorrectPOS', 'The receipt is of another point of sale', 'seller.deviceSerialNumber')
      else if (this.byUuid.has(uuid)) refuse('DuplicateSubmission', 'This receipt was submitted before', 'header.uuid')
      else {
        this.take(taxpayer, receipt, uuid, receiptNumber, serial, submission)
        accepted.push({ uuid, longId: newName(40), receiptNumber, hashKey: uuid })
      }
    }
    return { status: 202, body: { submissionId: submission, acceptedDocuments: accepted, rejectedDocuments: rejected } }
  }

  /** GET receipts/{uuid}/details. @throws EtaRefusal */
  details(taxpayer: Taxpayer, uuid: string): EtaAnswer {
    const found = this.byUuid.get(uuid)
    if (found?.rin !== taxpayer.rin) throw new EtaRefusal(404, 'NotFound', 'There is no such receipt')
    return { status: 200, body: { receipt: this.shown(found) } }
  }

  /** GET receiptsubmissions/{uuid}/details. @throws EtaRefusal */
  submission(taxpayer: Taxpayer, name: string): EtaAnswer {
    const receipts = this.all().filter((one) => one.submission === name && one.rin === taxpayer.rin)
    if (receipts.length === 0) throw new EtaRefusal(404, 'NotFound', 'There is no such submission')
    const shown = receipts.map((one) => this.shown(one))
    const words = new Set(shown.map(({ status }) => status))
    const status = words.has('Submitted') ? 'InProgress' : words.size > 1 ? 'PartiallyValid' : (shown[0]?.status ?? 'Valid')
    return { status: 200, body: { submissionUuid: name, status, receiptsCount: receipts.length, receipts: shown } }
  }

  reset(): void {
    this.journal.clear()
    this.byUuid.clear()
    this.logins.clear()
  }

  close(): void {
    this.journal.close()
  }

  private shown(one: EtaReceipt): { uuid: string; receiptNumber: string; status: string; submissionUuid: string; errors: object[] } {
    const waiting = this.now().getTime() < Date.parse(one.decidedAt)
    const status = waiting ? 'Submitted' : one.errors.length === 0 ? 'Valid' : 'Invalid'
    return { uuid: one.uuid, receiptNumber: one.number, status, submissionUuid: one.submission, errors: waiting ? [] : [...one.errors] }
  }

  private take(taxpayer: Taxpayer, receipt: Written, uuid: string, number: string, serial: string, submission: string): void {
    const now = this.now()
    const line: EtaReceipt = {
      kind: 'receipt',
      uuid,
      previousUuid: plainAt(receipt, 'header', 'previousUUID') ?? '',
      corrects: plainAt(receipt, 'header', 'referenceOldUUID') ?? '',
      rin: taxpayer.rin,
      serial,
      number,
      total: plainAt(receipt, 'totalAmount') ?? '',
      submission,
      text: signedText(receipt),
      errors: this.judge(taxpayer, receipt, uuid, serial),
      receivedAt: now.toISOString(),
      decidedAt: new Date(now.getTime() + this.decisionMs()).toISOString(),
    }
    this.journal.append(line)
    this.byUuid.set(uuid, line)
  }

  private judge(taxpayer: Taxpayer, receipt: Written, uuid: string, serial: string): EtaReceipt['errors'][number][] {
    const errors: EtaReceipt['errors'][number][] = []
    const wrong = (code: string, message: string, target: string): void => void errors.push({ code, message, target })
    if (plainAt(receipt, 'documentType', 'typeVersion') !== '1.2') wrong('Version', 'Only version 1.2 is taken', 'documentType.typeVersion')
    if (nameOf(receipt) !== uuid) wrong('UUID', 'The UUID is not the SHA-256 of the receipt', 'header.uuid')
    if (plainAt(receipt, 'seller', 'rin') !== taxpayer.rin) wrong('Seller', 'The seller is another taxpayer', 'seller.rin')
    const items = itemsOf(memberOf(receipt, 'itemData'))
    if (items.length === 0 || items.length > mostLines) wrong('Lines', `One to ${String(mostLines)} items`, 'itemData')
    const sum = items.reduce((total, item) => total.plus(plainAt(item, 'total') ?? '0'), new Decimal(0))
    const extra = itemsOf(memberOf(receipt, 'extraReceiptDiscountData')).reduce(
      (total, one) => total.plus(plainAt(one, 'amount') ?? '0'),
      new Decimal(0),
    )
    if (!sum.minus(extra).equals(plainAt(receipt, 'totalAmount') ?? '-1'))
      wrong('TotalAmount', 'The total is not the sum of the items', 'totalAmount')
    const age = this.now().getTime() - Date.parse(plainAt(receipt, 'header', 'dateTimeIssued') ?? '')
    if (!(age <= windowMs)) wrong('DateTimeIssued', 'The receipt is older than 24 hours', 'header.dateTimeIssued')
    this.judgeChain(receipt, serial, wrong)
    const returned = plainAt(receipt, 'header', 'referenceUUID')
    if (plainAt(receipt, 'documentType', 'receiptType') === 'r' && (returned === undefined || !this.byUuid.has(returned)))
      wrong('ReferenceUUID', 'The returned receipt is not known', 'header.referenceUUID')
    return errors
  }

  /** No two receipts of a point of sale follow the same one, unless one corrects the other, and a correction keeps its place. */
  private judgeChain(receipt: Written, serial: string, wrong: (code: string, message: string, target: string) => void): void {
    const previous = plainAt(receipt, 'header', 'previousUUID') ?? ''
    const corrects = plainAt(receipt, 'header', 'referenceOldUUID') ?? ''
    const others = this.all().filter((one) => one.serial === serial)
    if (corrects !== '') {
      const old = this.byUuid.get(corrects)
      if (old === undefined || old.errors.length === 0)
        wrong('ReferenceOldUUID', 'Only an invalid receipt is corrected', 'header.referenceOldUUID')
      else if (old.previousUuid !== previous)
        wrong('PreviousUUID', 'A correction keeps the place of what it corrects', 'header.previousUUID')
    } else if (others.some((one) => one.corrects === '' && one.previousUuid === previous)) {
      wrong('PreviousUUID', 'Another receipt of this point of sale follows the same one', 'header.previousUUID')
    }
  }
}

/** SHA-256 of the serialised receipt with an empty UUID. */
function nameOf(receipt: Written): string {
  if (receipt.kind !== 'object') return ''
  const members = receipt.members.map(([name, value]): readonly [string, Written] => {
    if (name !== 'header' || value.kind !== 'object') return [name, value]
    const header = value.members.map(([own, one]): readonly [string, Written] => [own, own === 'uuid' ? { kind: 'text', source: '' } : one])
    return [name, { ...value, members: header }]
  })
  return createHash('sha256')
    .update(signedText({ ...receipt, members }))
    .digest('hex')
}
