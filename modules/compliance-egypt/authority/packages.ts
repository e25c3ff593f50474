import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import { storableText } from '../../../core/audit/canonical-json.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { callEta } from './eta-client.js'
import { readError } from './eta-errors.js'

export const packageInput = z.object({
  kind: z.enum(['full', 'summary']),
  format: z.enum(['JSON', 'XML', 'CSV']),
  dateFrom: z.iso.date(),
  dateTo: z.iso.date(),
})
export type PackageInput = z.infer<typeof packageInput>

export interface PackageRow {
  readonly id: string
  readonly requestId: string
  readonly kind: string
  readonly format: PackageInput['format']
  readonly dateFrom: string
  readonly dateTo: string
  readonly state: string
  readonly fileSha256: string | null
  readonly createdAt: Date
}

const mediaTypes: Readonly<Record<PackageInput['format'], string>> = { JSON: 'application/json', XML: 'application/xml', CSV: 'text/csv' }

/** Files of many documents may be large. */
const maximumBytes = 100 * 1024 * 1024

export async function packagesOf(transaction: CompanyTransaction): Promise<PackageRow[]> {
  const { rows } = await transaction.knex.raw<{ rows: PackageRow[] }>(
    `select id, request_id as "requestId", kind, format, date_from::text as "dateFrom", date_to::text as "dateTo", state, file_sha256 as "fileSha256",
       created_at as "createdAt" from compliance_egypt_package where company_id = ? order by created_at desc limit 100`,
    [transaction.companyId],
  )
  return rows
}

const requested = z.looseObject({ requestId: z.union([z.string(), z.number()]) })

/** Asks the authority to make a package of what was sent and received between two days. */
export async function requestPackage(host: Host, context: CompanyContext, input: PackageInput): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  if (input.kind === 'full' && input.format === 'CSV') throw new Fault('EG-PACKAGE-FORMAT', { path: 'format' })
  if (input.dateTo < input.dateFrom) throw new Fault('EG-PACKAGE-SPAN', { path: 'dateTo' })
  const company = await host.access.company(context.companyId)
  const body = {
    type: input.kind,
    format: input.format,
    queryParameters: {
      dateFrom: `${input.dateFrom}T00:00:00Z`,
      dateTo: `${input.dateTo}T23:59:59Z`,
      statuses: [],
      productsInternalCodes: [],
      receiverSenderType: '',
      receiverSenderId: '',
      branchNumber: '',
      itemCodes: [],
    },
  }
  const reply = await callEta(host, context, company, {
    method: 'POST',
    path: 'api/v1.0/documentpackages/requests',
    body: JSON.stringify(body),
  })
  const read = requested.safeParse(reply.json)
  if (reply.status >= 300 || !read.success) {
    const [fault] = readError(reply.json, reply.text).faults
    throw new Fault(fault?.code ?? 'EG-ETA-OTHER', { status: 409, params: fault?.params ?? {} })
  }
  await host.db.company(context.companyId, async (transaction) => {
    await transaction.knex('compliance_egypt_package').insert({
      company_id: context.companyId,
      request_id: storableText(String(read.data.requestId)),
      kind: input.kind,
      format: input.format,
      date_from: input.dateFrom,
      date_to: input.dateTo,
      state: 'asked',
      created_at: host.now(),
    })
  })
}

/** The package's bytes: fetched once, then kept. @throws Fault EG-PACKAGE-NOT-READY, EG-PACKAGE-UNKNOWN */
export async function fetchPackage(
  host: Host,
  context: CompanyContext,
  id: string,
): Promise<{ readonly bytes: Buffer; readonly mediaType: string; readonly name: string }> {
  const row = await host.db.company(context.companyId, async (transaction) => (await packagesOf(transaction)).find((one) => one.id === id))
  if (row === undefined) throw new Fault('EG-PACKAGE-UNKNOWN', { status: 404 })
  const name = `eta-${row.dateFrom}-${row.dateTo}.${row.format.toLowerCase()}`
  const kept = row.fileSha256
  if (kept !== null) return { ...(await host.db.company(context.companyId, (transaction) => host.files.get(transaction, kept))), name }
  const company = await host.access.company(context.companyId)
  const reply = await callEta(host, context, company, {
    method: 'GET',
    path: `api/v1.0/documentpackages/${encodeURIComponent(row.requestId)}`,
    accept: '*/*',
    maxBytes: maximumBytes,
    timeoutMs: 120_000,
  })
  if (reply.status === 404) throw new Fault('EG-PACKAGE-NOT-READY', { status: 409 })
  if (reply.status !== 200) {
    const [fault] = readError(reply.json, reply.text).faults
    throw new Fault(fault?.code ?? 'EG-ETA-OTHER', { status: 502, params: fault?.params ?? {} })
  }
  // Whatever type it claims, it is a download: what was asked for names it.
  const zip = reply.bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004'))
  const mediaType = zip ? 'application/zip' : mediaTypes[row.format]
  await host.db.company(context.companyId, async (transaction) => {
    const { sha256 } = await host.files.put(transaction, reply.bytes, mediaType)
    await transaction
      .knex('compliance_egypt_package')
      .where({ company_id: context.companyId, id })
      .update({ state: 'ready', file_sha256: sha256, ready_at: host.now() })
  })
  return { bytes: reply.bytes, mediaType, name: zip ? name.replace(/\.\w+$/, '.zip') : name }
}
