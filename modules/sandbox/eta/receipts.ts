import { join } from 'node:path'
import { Decimal } from 'decimal.js'
import type { CertificateAuthorities } from '../ca/authority.js'
import { hasKind, Journal } from '../state/journal.js'
import { errorBody, EtaRefusal, type EtaAnswer } from './answers.js'
import { compare, type Finding } from './document-shape.js'
import type { PointsOfSale } from './points-of-sale.js'
import { checkReceiptAlone, quantitiesOf, receiptKind, type ReceiptError } from './receipt-checks.js'
import { receiptShape } from './receipt-shape.js'
import { newName, type Taxpayer } from './register.js'
import { checkSignatures } from './signature-check.js'
import { itemsOf, memberOf, plainAt, readWritten, signedText, UnreadableJson, type Written } from './written-json.js'

/** Limits of a submission (receipt issuance FAQ). */
const mostReceipts = 500
const mostBytes = 1_500_000
/** Days within which goods come back with their receipt. */
const returnDays = 540
const largestPage = 100

/** A receipt the authority took, with what it thinks of it. */
export interface EtaReceipt {
  readonly kind: 'receipt'
  readonly uuid: string
  readonly longId: string
  readonly previousUuid: string
  readonly corrects: string
  readonly returns: string
  readonly type: string
  readonly rin: string
  readonly serial: string
  readonly number: string
  readonly total: string
  readonly issuedAt: string
  readonly submission: string
  /** Quantities by the code of the goods. */
  readonly quantities: Readonly<Record<string, string>>
  /** What its name was computed from, but for the empty name. */
  readonly text: string
  readonly errors: readonly ReceiptError[]
  readonly receivedAt: string
  readonly decidedAt: string
}

/** Receipts of version 1.2: names by hash, chains by point of sale, one point of sale in a submission. */
export class EtaReceipts {
  private readonly journal: Journal<EtaReceipt>
  private readonly byUuid = new Map<string, EtaReceipt>()
  private readonly bySubmission = new Map<string, EtaReceipt[]>()
  /** Valid or not: which receipt follows which, by point of sale. */
  private readonly followers = new Map<string, string>()
  private readonly returned = new Map<string, EtaReceipt[]>()
  /** Receipts a trial wants found invalid, whatever they say. */
  private toRefuse = 0

  constructor(
    folder: string,
    readonly devices: PointsOfSale,
    private readonly authorities: CertificateAuthorities,
    private readonly now: () => Date,
    private readonly decisionMs: () => number,
  ) {
    this.journal = Journal.open<EtaReceipt>(join(folder, 'eta-receipts.ndjson'), hasKind<EtaReceipt>('receipt'))
    for (const one of this.journal.found) this.remember(one)
  }

  /** Oldest first. */
  all(): EtaReceipt[] {
    return [...this.byUuid.values()]
  }

  /** For trials: the next so many are found invalid. */
  refuseNext(count: number): void {
    this.toRefuse = count
  }

  /** POST receiptsubmissions. @throws EtaRefusal */
  submit(taxpayer: Taxpayer, body: string, token: string): EtaAnswer {
    const serial = this.devices.of(token)
    if (serial === undefined) throw new EtaRefusal(403, 'IncorrectSubmitter', 'The token was not given to a point of sale')
    if (Buffer.byteLength(body) > mostBytes) throw new EtaRefusal(400, 'MaximumSizeExceeded', 'The submission is too large', 'receipts')
    const submitted = readSubmission(body)
    const receipts = itemsOf(memberOf(submitted, 'receipts'))
    if (receipts.length === 0 || receipts.length > mostReceipts) {
      throw new EtaRefusal(400, 'BadStructure', `One to ${String(mostReceipts)} receipts`, 'receipts')
    }
    if (new Set(receipts.map((one) => plainAt(one, 'seller', 'deviceSerialNumber'))).size > 1) {
      throw new EtaRefusal(400, 'BadStructure', 'One point of sale in a submission', 'receipts')
    }
    this.checkBatchSignature(submitted, taxpayer)
    const submission = newName()
    const accepted: object[] = []
    const rejected: object[] = []
    for (const receipt of receipts) {
      const uuid = plainAt(receipt, 'header', 'uuid') ?? ''
      const receiptNumber = plainAt(receipt, 'header', 'receiptNumber') ?? ''
      const refuse = (code: string, message: string, target: string): void => {
        rejected.push({ uuid, receiptNumber, error: (errorBody(code, message, target) as { error: object }).error }) // as errorBody writes it
      }
      const findings: Finding[] = []
      compare(receipt, receiptShape, '', findings)
      const [first] = findings
      if (plainAt(receipt, 'seller', 'deviceSerialNumber') !== serial)
        refuse('IncorrectPOS', 'The receipt is of another point of sale', 'seller.deviceSerialNumber')
      else if (first !== undefined) refuse('BadStructure', first.message, first.path)
      else if (this.byUuid.has(uuid)) refuse('DuplicateSubmission', 'This receipt was submitted before', 'header.uuid')
      else {
        const taken = this.take(taxpayer, receipt, { uuid, number: receiptNumber, serial, submission })
        accepted.push({ uuid, longId: taken.longId, receiptNumber, hashKey: uuid })
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

  /** GET receiptsubmissions/{uuid}/details, in pages. @throws EtaRefusal */
  submission(taxpayer: Taxpayer, name: string, query: Readonly<Record<string, string>>): EtaAnswer {
    const all = (this.bySubmission.get(name) ?? []).filter((one) => one.rin === taxpayer.rin)
    if (all.length === 0) throw new EtaRefusal(404, 'NotFound', 'There is no such submission')
    const shown = all.map((one) => this.shown(one))
    const words = new Set(shown.map(({ status }) => status))
    const status = words.has('Submitted') ? 'InProgress' : words.size > 1 ? 'PartiallyValid' : (shown[0]?.status ?? 'Valid')
    const size = Math.min(largestPage, Math.max(1, Number(query['PageSize'] ?? largestPage) || largestPage))
    const page = Math.max(1, Number(query['PageNo'] ?? 1) || 1)
    return {
      status: 200,
      body: {
        submissionUuid: name,
        status,
        receiptsCount: all.length,
        invalidReceiptsCount: shown.filter((one) => one.status === 'Invalid').length,
        receipts: shown.slice((page - 1) * size, page * size),
        metadata: { totalPages: Math.ceil(all.length / size), totalCount: all.length },
      },
    }
  }

  reset(): void {
    this.journal.clear()
    for (const map of [this.byUuid, this.bySubmission, this.followers, this.returned]) map.clear()
    this.devices.reset()
  }

  close(): void {
    this.journal.close()
    this.devices.close()
  }

  private remember(one: EtaReceipt): void {
    this.byUuid.set(one.uuid, one)
    this.bySubmission.set(one.submission, [...(this.bySubmission.get(one.submission) ?? []), one])
    if (one.corrects === '') this.followers.set(`${one.rin}:${one.serial}:${one.previousUuid}`, one.uuid)
    if (one.returns !== '') this.returned.set(one.returns, [...(this.returned.get(one.returns) ?? []), one])
  }

  /** Specified, and checked here when it is there; the authority does not ask for it. */
  private checkBatchSignature(submitted: Written, taxpayer: Taxpayer): void {
    if (memberOf(submitted, 'signatures') === undefined) return
    const refusal = checkSignatures(submitted, this.authorities, this.now(), taxpayer.rin)
    if (refusal !== null) throw new EtaRefusal(400, refusal.code, refusal.message, 'signatures')
  }

  private shown(one: EtaReceipt): { uuid: string; receiptNumber: string; status: string; submissionUuid: string; errors: object[] } {
    const waiting = this.now().getTime() < Date.parse(one.decidedAt)
    const status = waiting ? 'Submitted' : one.errors.length === 0 ? 'Valid' : 'Invalid'
    return { uuid: one.uuid, receiptNumber: one.number, status, submissionUuid: one.submission, errors: waiting ? [] : [...one.errors] }
  }

  private take(taxpayer: Taxpayer, receipt: Written, named: Pick<EtaReceipt, 'uuid' | 'number' | 'serial' | 'submission'>): EtaReceipt {
    const now = this.now()
    const errors = checkReceiptAlone(receipt, taxpayer.rin, now)
    const wrong = (code: string, message: string, target: string): void => void errors.push({ code, message, target })
    this.checkChain(receipt, taxpayer.rin, named.serial, wrong)
    this.checkReturn(receipt, taxpayer.rin, wrong)
    if (this.toRefuse > 0) {
      this.toRefuse -= 1
      wrong('Trial', 'Found invalid for a trial', 'header.receiptNumber')
    }
    const line: EtaReceipt = {
      kind: 'receipt',
      ...named,
      longId: newName(40),
      previousUuid: plainAt(receipt, 'header', 'previousUUID') ?? '',
      corrects: plainAt(receipt, 'header', 'referenceOldUUID') ?? '',
      returns: plainAt(receipt, 'header', 'referenceUUID') ?? '',
      type: plainAt(receipt, 'documentType', 'receiptType') ?? '',
      rin: taxpayer.rin,
      total: plainAt(receipt, 'totalAmount') ?? '',
      issuedAt: plainAt(receipt, 'header', 'dateTimeIssued') ?? '',
      quantities: Object.fromEntries([...quantitiesOf(receipt)].map(([code, quantity]) => [code, quantity.toFixed()])),
      text: signedText(receipt),
      errors,
      receivedAt: now.toISOString(),
      decidedAt: new Date(now.getTime() + this.decisionMs()).toISOString(),
    }
    this.journal.append(line)
    this.remember(line)
    return line
  }

  /** A receipt follows one the authority knows, no two follow the same, and a correction takes the place of an invalid one. */
  private checkChain(receipt: Written, rin: string, serial: string, wrong: (code: string, message: string, target: string) => void): void {
    const previous = plainAt(receipt, 'header', 'previousUUID') ?? ''
    const corrects = plainAt(receipt, 'header', 'referenceOldUUID') ?? ''
    const before = this.byUuid.get(previous)
    if (previous !== '' && (before?.rin !== rin || before.serial !== serial))
      wrong('PreviousUUID', 'The receipt before is not known of this point of sale', 'header.previousUUID')
    if (corrects === '') {
      if (this.followers.has(`${rin}:${serial}:${previous}`))
        wrong('PreviousUUID', 'Another receipt of this point of sale follows the same one', 'header.previousUUID')
      return
    }
    const old = this.byUuid.get(corrects)
    if (old?.rin !== rin || old.serial !== serial || old.errors.length === 0)
      wrong('ReferenceOldUUID', 'Only an invalid receipt of this point of sale is corrected', 'header.referenceOldUUID')
    else if (old.previousUuid !== previous) wrong('PreviousUUID', 'A correction keeps the place of what it corrects', 'header.previousUUID')
    else if (this.all().some((one) => one.corrects === corrects && one.errors.length === 0))
      wrong('ReferenceOldUUID', 'This receipt was corrected before', 'header.referenceOldUUID')
  }

  /** What comes back was sold by a valid receipt of the same taxpayer and trade, not long ago, and not more of it than was sold. */
  private checkReturn(receipt: Written, rin: string, wrong: (code: string, message: string, target: string) => void): void {
    const kind = receiptKind(receipt)
    const reference = plainAt(receipt, 'header', 'referenceUUID')
    if (kind !== 'return') {
      if (reference !== undefined) wrong('ReferenceUUID', 'Only a return names a sale', 'header.referenceUUID')
      return
    }
    const sale = this.byUuid.get(reference ?? '')
    if (sale?.rin !== rin || sale.errors.length > 0) {
      wrong('ReferenceUUID', 'The returned receipt is not known as valid', 'header.referenceUUID')
      return
    }
    const type = plainAt(receipt, 'documentType', 'receiptType') ?? ''
    if (type !== sale.type.replace(/^s$/, 'r').replace(/^S(?=[A-Z])/, 'R'))
      wrong('ReceiptType', `A receipt of type ${sale.type} is not returned by ${type}`, 'documentType.receiptType')
    if (Date.parse(plainAt(receipt, 'header', 'dateTimeIssued') ?? '') - Date.parse(sale.issuedAt) > returnDays * 86_400_000)
      wrong('ReferenceUUID', `The sale is older than ${String(returnDays)} days`, 'header.referenceUUID')
    const rest = new Map(Object.entries(sale.quantities).map(([code, quantity]) => [code, new Decimal(quantity)]))
    const take = (code: string, quantity: Decimal.Value): boolean => {
      const left = rest.get(code)?.minus(quantity)
      if (left !== undefined) rest.set(code, left)
      return left !== undefined && !left.isNegative()
    }
    for (const one of this.returned.get(sale.uuid) ?? []) {
      if (one.errors.length === 0) for (const [code, quantity] of Object.entries(one.quantities)) take(code, quantity)
    }
    for (const [code, quantity] of quantitiesOf(receipt)) {
      if (!take(code, quantity)) wrong('Quantity', `More of ${code} comes back than was sold`, 'itemData')
    }
  }
}

/** @throws EtaRefusal BadStructure */
function readSubmission(body: string): Written {
  try {
    return readWritten(body)
  } catch (error) {
    if (!(error instanceof UnreadableJson)) throw error
    throw new EtaRefusal(400, 'BadStructure', 'The body is not JSON', 'receipts')
  }
}
