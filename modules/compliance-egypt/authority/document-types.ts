import { z } from 'zod'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { callEta } from './eta-client.js'

/** Hours the authority gives for each step of a document of one type; null where it names none. */
export interface WorkflowTimes {
  readonly cancel: number | null
  readonly reject: number | null
  readonly declineCancellation: number | null
  readonly declineRejection: number | null
  readonly readAt: Date
}

/** Parameters change by decree: read anew after a day (and when the clock was set back). */
const freshMs = 24 * 3_600_000
/** The unit of the values is not stated; hours fit every figure named in public. UNCONFIRMED. */
const hoursPerUnit = 1

const parameter = z.looseObject({
  parameter: z.string(),
  value: z.coerce.number(),
  activeFrom: z.string().nullish().catch(null),
  activeTo: z.string().nullish().catch(null),
})
const parameterList = z.array(parameter)
const documentType = z.looseObject({ id: z.number(), name: z.string(), workflowParameters: parameterList.nullish().catch(null) })
const typeList = z.looseObject({ result: z.array(documentType) })
type Parameter = z.infer<typeof parameter>

/**
 * Times of a document type (`i`, `c`, …) by the authority's Get Document Type, kept with the date they were read on.
 * Old ones are used when the authority cannot be asked; null when none were ever read.
 */
export async function workflowTimes(host: Host, context: CompanyContext, company: Company, type: string): Promise<WorkflowTimes | null> {
  const name = type.toLowerCase()
  const kept = await host.db.company(context.companyId, (transaction) =>
    transaction
      .knex('compliance_egypt_document_type')
      .where({ company_id: context.companyId, type: name })
      .first<{ parameters: unknown; read_at: Date } | undefined>('parameters', 'read_at'),
  )
  if (kept !== undefined && Math.abs(host.now().getTime() - kept.read_at.getTime()) < freshMs)
    return timesOf(kept.parameters, kept.read_at, host.now())
  try {
    const read = await readTypes(host, context, company)
    const readAt = host.now()
    await host.db.company(context.companyId, async (transaction) => {
      for (const [typeName, parameters] of read) {
        const row = { parameters: JSON.stringify(parameters), read_at: readAt }
        await transaction
          .knex('compliance_egypt_document_type')
          .insert({ company_id: context.companyId, type: typeName, ...row })
          .onConflict(['company_id', 'type'])
          .merge(row)
      }
    })
    const found = read.get(name)
    return found === undefined ? null : timesOf(found, readAt, readAt)
  } catch (error) {
    if (error instanceof SubmissionUncertain && kept !== undefined) return timesOf(kept.parameters, kept.read_at, host.now())
    throw error
  }
}

/** The times as last read, without asking; for pages. */
export async function keptTimes(
  transaction: { readonly knex: import('../../../core/db/database.js').CompanyTransaction['knex']; readonly companyId: string },
  type: string,
  now: Date,
): Promise<WorkflowTimes | null> {
  const kept = await transaction
    .knex('compliance_egypt_document_type')
    .where({ company_id: transaction.companyId, type: type.toLowerCase() })
    .first<{ parameters: unknown; read_at: Date } | undefined>('parameters', 'read_at')
  return kept === undefined ? null : timesOf(kept.parameters, kept.read_at, now)
}

async function readTypes(host: Host, context: CompanyContext, company: Company): Promise<Map<string, readonly Parameter[]>> {
  const list = await callEta(host, context, company, { method: 'GET', path: 'api/v1.0/documenttypes' })
  const types = typeList.safeParse(list.json)
  if (list.status !== 200 || !types.success) throw new SubmissionUncertain(`document types: HTTP ${list.status}`)
  const found = new Map<string, readonly Parameter[]>()
  for (const one of types.data.result) {
    let parameters = one.workflowParameters
    if (parameters === null || parameters === undefined) {
      // The list names the types; the parameters stand with each.
      const reply = await callEta(host, context, company, { method: 'GET', path: `api/v1.0/documenttypes/${one.id}` })
      const read = documentType.safeParse(reply.json)
      // A gateway's page is no word of the authority: kept as «no limits» it would hold for a day.
      if (reply.status !== 200 || !read.success) throw new SubmissionUncertain(`document type ${one.id}: HTTP ${reply.status}`)
      parameters = read.data.workflowParameters ?? []
    }
    found.set(one.name.toLowerCase(), parameters)
  }
  return found
}

function timesOf(stored: unknown, readAt: Date, now: Date): WorkflowTimes {
  const parameters = (parameterList.safeParse(stored).data ?? []).filter((one) => {
    const from = Date.parse(one.activeFrom ?? '')
    const to = Date.parse(one.activeTo ?? '')
    return !(from > now.getTime()) && !(to < now.getTime())
  })
  const hours = (matches: (name: string) => boolean): number | null => {
    const found = parameters.find((one) => matches(one.parameter.toLowerCase()))
    return found === undefined || !Number.isFinite(found.value) ? null : found.value * hoursPerUnit
  }
  const declines = (name: string): boolean => name.includes('declin')
  return {
    cancel: hours((name) => name.includes('cancel') && !declines(name)),
    reject: hours((name) => name.includes('reject') && !declines(name)),
    declineCancellation: hours((name) => name.includes('cancel') && declines(name)),
    declineRejection: hours((name) => name.includes('reject') && declines(name)),
    readAt,
  }
}

/** When the time is over; null when the authority names no limit, or the start is not known. */
export function endOf(start: Date | null, hours: number | null | undefined): Date | null {
  return start === null || hours === null || hours === undefined ? null : new Date(start.getTime() + hours * 3_600_000)
}
