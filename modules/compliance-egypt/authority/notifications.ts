import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import { canonicalJson } from '../../../core/audit/canonical-json.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { processSoon } from '../../compliance/index.js'
import { fetchPackage } from './packages.js'
import { refreshJob } from './refresh.js'
import { openReceipts } from '../receipts/receipt-rows.js'
import { submissionByDocument, submissionByInternalId } from './submission-rows.js'

/** Kinds of the authority's deliveries, by the last part of their address. */
export const notificationKinds = ['documents', 'documentpackages', 'receipts', 'receiptpackages'] as const
export type NotificationKind = (typeof notificationKinds)[number]

export const packageJob = 'compliance-egypt.fetch-package'
export const packagePayload = z.object({ id: z.uuid() })

const name = z.string().min(1).max(200).optional().catch(undefined)
const message = z.looseObject({
  uuid: name,
  internalId: name,
  /** Of receipts: the submission that took them. */
  submissionUUID: name,
  submissionUuid: name,
  /** Of packages; the number of our request. */
  packageId: z
    .union([z.string().min(1).max(200), z.number().transform(String)])
    .optional()
    .catch(undefined),
  requestId: z
    .union([z.string().min(1).max(200), z.number().transform(String)])
    .optional()
    .catch(undefined),
})
type Message = z.infer<typeof message>
const delivery = z.looseObject({
  deliveryId: z.string().min(1).max(100),
  type: z.string().max(100).catch(''),
  message: z
    .union([z.array(message).max(1000), message])
    .optional()
    .catch(undefined),
})

function hashOf(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex')
}

/** A new key for the authority's calls; the old one ends. @returns it, once: only its hash stays */
export async function newCallbackKey(host: Host, context: CompanyContext): Promise<string> {
  host.access.require(context, 'invoicing.manager')
  const key = randomBytes(32).toString('base64url')
  await host.db.company(context.companyId, async (transaction) => {
    const row = { key_hash: hashOf(key), created_at: host.now(), last_at: null }
    await transaction
      .knex('compliance_egypt_callback')
      .insert({ company_id: context.companyId, ...row })
      .onConflict(['company_id'])
      .merge(row)
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.callback-key',
      subject: { type: 'compliance-egypt.company', id: context.companyId, label: '' },
    })
  })
  return key
}

const nobody = hashOf('')

/** Whether this is the key of the company's callback; takes the same time whatever is wrong. */
export async function knowsCallback(host: Host, companyId: string, authorization: string | undefined): Promise<boolean> {
  const given = hashOf(/^ApiKey (\S{1,200})$/.exec(authorization ?? '')?.[1] ?? '')
  const row = await host.db.company(companyId, (transaction) =>
    transaction.knex('compliance_egypt_callback').where({ company_id: companyId }).first<{ key_hash: string } | undefined>('key_hash'),
  )
  const same = timingSafeEqual(Buffer.from(given), Buffer.from(row?.key_hash ?? nobody))
  return same && row !== undefined && given !== nobody
}

/**
 * Takes one delivery: stored once by its number, and what it is about is asked for at the authority in a job. The delivery is a hint and
 * nothing more: no state is believed because somebody with the key said so.
 * @returns `invalid` for a body that is no delivery
 */
export async function takeDelivery(
  host: Host,
  context: CompanyContext,
  kind: NotificationKind,
  body: unknown,
): Promise<'taken' | 'known' | 'invalid'> {
  // NUL and halves of letters have no place in the database: a body with them would come again for ever.
  const storable = canonicalJson(body)
  const read = delivery.safeParse(JSON.parse(storable))
  if (!read.success) return 'invalid'
  const messages = Array.isArray(read.data.message) ? read.data.message : read.data.message === undefined ? [] : [read.data.message]
  return host.db.company(context.companyId, async (transaction) => {
    const stored = await transaction
      .knex('compliance_egypt_delivery')
      .insert({
        company_id: context.companyId,
        delivery_id: read.data.deliveryId,
        kind,
        type: read.data.type,
        body: storable,
        received_at: host.now(),
      })
      .onConflict(['company_id', 'delivery_id'])
      .ignore()
      .returning('delivery_id')
    if (stored.length === 0) return 'known'
    await transaction.knex('compliance_egypt_callback').where({ company_id: context.companyId }).update({ last_at: host.now() })
    await act[kind](host, transaction, messages)
    return 'taken'
  })
}

type Act = (host: Host, transaction: CompanyTransaction, messages: readonly Message[]) => Promise<void>

/** What a delivery leads to: always a question to the authority, and only about what is this company's own. */
const act: Readonly<Record<NotificationKind, Act>> = {
  documents: lookAtDocuments,
  receipts: lookAtReceipts,
  documentpackages: fetchPackages,
  receiptpackages: fetchPackages,
}

async function lookAtDocuments(host: Host, transaction: CompanyTransaction, messages: readonly Message[]): Promise<void> {
  const documents: string[] = []
  for (const { uuid, internalId } of messages) {
    const own =
      (uuid === undefined ? undefined : await submissionByDocument(transaction, uuid)) ??
      (internalId === undefined ? undefined : await submissionByInternalId(transaction, internalId))
    if (own !== undefined && (own.status === 'sending' || own.status === 'Submitted')) await processSoon(host, transaction, [own.invoiceId])
    else if (uuid !== undefined) documents.push(uuid)
  }
  if (documents.length > 0) await host.jobs.add(transaction, refreshJob, { documents })
}

/** Receipts without an answer are asked for now: named by themselves, or by the submission that took them. */
async function lookAtReceipts(host: Host, transaction: CompanyTransaction, messages: readonly Message[]): Promise<void> {
  const uuids = messages.flatMap((one) => one.uuid ?? [])
  const submissions = messages.flatMap((one) => one.submissionUUID ?? one.submissionUuid ?? [])
  await processSoon(host, transaction, await openReceipts(transaction, uuids, submissions))
}

/** A package that we asked for is ready, or is not: the job sees. */
async function fetchPackages(host: Host, transaction: CompanyTransaction, messages: readonly Message[]): Promise<void> {
  const requests = messages.flatMap((one) => one.packageId ?? one.requestId ?? [])
  const rows = await transaction
    .knex('compliance_egypt_package')
    .where({ company_id: transaction.companyId, state: 'asked' })
    .whereIn('request_id', requests)
    .select<{ id: string }[]>('id')
  for (const { id } of rows) await host.jobs.add(transaction, packageJob, { id }, { key: `${packageJob} ${transaction.companyId} ${id}` })
}

/** The job behind a package's delivery: what is not there yet is tried again, with growing waits. */
export async function keepPackage(host: Host, context: CompanyContext, { id }: z.infer<typeof packagePayload>): Promise<void> {
  try {
    await fetchPackage(host, context, id)
  } catch (error) {
    // Taken away in the meantime.
    if (!(error instanceof Fault) || error.code !== 'EG-PACKAGE-UNKNOWN') throw error
  }
}

/** Deliveries are kept this long: as evidence of what was told, and so that none counts twice. */
const keptDays = 90

export async function forgetDeliveries(host: Host, transaction: CompanyTransaction): Promise<void> {
  const before = new Date(host.now().getTime() - keptDays * 86_400_000)
  await transaction
    .knex('compliance_egypt_delivery')
    .where({ company_id: transaction.companyId })
    .where('received_at', '<', before)
    .delete()
}
