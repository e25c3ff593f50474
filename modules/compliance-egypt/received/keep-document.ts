import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { fetchDocument } from '../authority/state-changes.js'

export const readDocumentJob = 'compliance-egypt.read-received-document'
export const readDocumentPayload = z.object({ uuid: z.string() })

/** Most documents one reading asks for: the rest come when somebody opens them. */
const mostAtOnce = 100

/** The kept file of a received document; null while it was not read yet. */
export async function documentFileOf(transaction: CompanyTransaction, uuid: string): Promise<string | null> {
  const row = await transaction
    .knex('compliance_egypt_received')
    .where({ company_id: transaction.companyId, uuid })
    .first<{ document_sha256: string | null } | undefined>('document_sha256')
  return row?.document_sha256 ?? null
}

/** Asks for one document by a job: no page waits for the authority. */
export function askForDocument(host: Host, transaction: CompanyTransaction, uuid: string): Promise<void> {
  return host.jobs.add(transaction, readDocumentJob, { uuid }, { key: `${readDocumentJob} ${transaction.companyId} ${uuid}` })
}

/** Asks for the documents of all rows that have none yet. */
export async function askForMissing(host: Host, context: CompanyContext): Promise<void> {
  await host.db.company(context.companyId, async (transaction) => {
    const rows = await transaction
      .knex('compliance_egypt_received')
      .where({ company_id: context.companyId })
      .whereNull('document_sha256')
      .orderBy('received_at', 'desc')
      .limit(mostAtOnce)
      .select<{ uuid: string }[]>('uuid')
    for (const { uuid } of rows) await askForDocument(host, transaction, uuid)
  })
}

/** Reads the document from the authority and keeps its bytes. Repeatable; what is kept is not read again. */
export async function keepDocument(host: Host, context: CompanyContext, uuid: string): Promise<void> {
  const kept = await host.db.company(context.companyId, (transaction) => documentFileOf(transaction, uuid))
  if (kept !== null) return
  const { bytes, mediaType } = await fetchDocument(host, context, uuid, 'raw')
  await host.db.company(context.companyId, async (transaction) => {
    const { sha256 } = await host.files.put(transaction, bytes, mediaType)
    await transaction.knex('compliance_egypt_received').where({ company_id: context.companyId, uuid }).update({ document_sha256: sha256 })
  })
}
