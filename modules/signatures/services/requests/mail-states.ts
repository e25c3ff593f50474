import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'

export interface SignerMail {
  readonly signerId: string | null
  readonly mailId: string
  readonly kind: string
  readonly state: string
  readonly error: string | null
  readonly at: Date
}

/** Mails of a request with their delivery, newest first: the first of a person is the one that counts. */
export async function mailStatesOf(host: Host, transaction: CompanyTransaction, requestId: string): Promise<SignerMail[]> {
  const rows: { signer_id: string | null; mail_id: string; kind: string; created_at: Date }[] = await transaction
    .knex('signatures_mail')
    .where({ company_id: transaction.companyId, request_id: requestId })
    .orderBy('created_at', 'desc')
    .select('signer_id', 'mail_id', 'kind', 'created_at')
  const states = new Map(
    (await host.mail.statesOf(transaction, { type: 'signatures.request', id: requestId })).map((mail) => [mail.id, mail]),
  )
  return rows.flatMap((row) => {
    const mail = states.get(row.mail_id)
    return mail === undefined
      ? []
      : [{ signerId: row.signer_id, mailId: row.mail_id, kind: row.kind, state: mail.state, error: mail.error, at: mail.at }]
  })
}
