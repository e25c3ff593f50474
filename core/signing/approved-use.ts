import type { CompanyTransaction, Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { consumeApprovals, type KeyApproval } from './approvals.js'

/** The approvals a signer was opened with: used up by its first signature, in the step that lets the signature out. */
export class ApprovedUse {
  private consumed: Promise<void> | undefined
  private left: number

  /**
   * @param signatures how many may leave: one for each use
   * @param log writes the uses into the event chain, in the transaction that uses the approvals up
   */
  constructor(
    private readonly database: Database,
    private readonly companyId: string,
    private readonly name: string,
    private readonly approvals: readonly KeyApproval[],
    signatures: number,
    private readonly log: (transaction: CompanyTransaction) => void,
    private readonly now: () => Date,
  ) {
    this.left = signatures
  }

  /** Makes a signature by `sign` and lets it out. One that fails uses nothing up. @throws Fault SIGN-APPROVAL-USED and those of `sign` */
  async release(sign: () => Promise<Buffer>): Promise<Buffer> {
    if (this.left <= 0) throw this.used()
    this.left--
    try {
      const signature = await sign()
      await this.consume()
      return signature
    } catch (error) {
      this.left++
      throw error
    }
  }

  /** All of them at once or none: where another process was quicker, the signature made here is never given to anyone. */
  private consume(): Promise<void> {
    this.consumed ??= this.database
      .company(this.companyId, async (transaction) => {
        const ids = this.approvals.map(({ id }) => id)
        if (!(await consumeApprovals(transaction, ids, this.now()))) throw this.used()
        this.log(transaction)
      })
      .catch((error: unknown) => {
        // A database that was away for a moment must not cost the approval.
        this.consumed = undefined
        throw error
      })
    return this.consumed
  }

  private used(): Fault {
    const document = this.approvals[0]?.subject.label ?? ''
    return new Fault('SIGN-APPROVAL-USED', { params: { name: this.name, document }, status: 409 })
  }
}
