import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { readTable } from '../../../core/files/read-table.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { registrationNumberOf } from '../company/readiness.js'
import { callEta } from './eta-client.js'
import { readError } from './eta-errors.js'

/** `sending`: nobody knows whether the authority has it; it is asked before it is sent again. `refused`: the authority did not take it. */
export type CodeState = 'draft' | 'sending' | 'submitted' | 'approved' | 'rejected' | 'refused'

export interface CodeRow {
  readonly id: string
  readonly itemCode: string
  readonly codeType: 'EGS' | 'GS1'
  readonly usage: boolean
  readonly parentCode: string
  readonly name: string
  readonly nameAr: string
  readonly activeFrom: string
  readonly activeTo: string | null
  readonly state: CodeState
  readonly requestId: string | null
  readonly reason: string | null
}

const columns = `id, item_code as "itemCode", code_type as "codeType", usage, parent_code as "parentCode", name, name_ar as "nameAr",
  active_from::text as "activeFrom", active_to::text as "activeTo", state, request_id as "requestId", reason`

/** A code as a person or a file gives it. The whole code of an EGS begins with `EG-<registration number>-`; the prefix may be left out. */
export const codeInput = z.object({
  itemCode: z.string().trim().min(1).max(60),
  codeType: z.enum(['EGS', 'GS1']).default('EGS'),
  /** GPC brick, the fourth level. */
  parentCode: z
    .string()
    .trim()
    .regex(/^\d{8}$/),
  name: z.string().trim().min(1).max(200),
  nameAr: z.string().trim().min(1).max(200),
  activeFrom: z.iso.date(),
  activeTo: z.union([z.iso.date(), z.literal('')]).optional(),
  usage: z.boolean().default(false),
})
export type CodeInput = z.infer<typeof codeInput>

export async function codesOf(transaction: CompanyTransaction, states?: readonly CodeState[]): Promise<CodeRow[]> {
  const { rows } = await transaction.knex.raw<{ rows: CodeRow[] }>(
    `select ${columns} from compliance_egypt_code where company_id = ? and state = any(?::text[]) order by created_at desc, item_code limit 1000`,
    [transaction.companyId, [...(states ?? ['draft', 'sending', 'submitted', 'approved', 'rejected', 'refused'])]],
  )
  return rows
}

/** In these the authority has no request of ours: such a code may still be changed or thrown away. */
export const changeableStates: readonly CodeState[] = ['draft', 'refused', 'rejected']

export async function codeOf(transaction: CompanyTransaction, id: string): Promise<CodeRow | undefined> {
  const { rows } = await transaction.knex.raw<{ rows: CodeRow[] }>(
    `select ${columns} from compliance_egypt_code where company_id = ? and id::text = ?`,
    [transaction.companyId, id],
  )
  return rows[0]
}

/**
 * Writes one code as a draft, over the one with this id if there is one.
 * @returns its id
 * @throws Fault EG-CODE-KNOWN, EG-CODE-FOREIGN, EG-CODE-GS1, EG-CODE-UNKNOWN at the field
 */
export async function saveCode(
  transaction: CompanyTransaction,
  rin: string,
  id: string | undefined,
  input: CodeInput,
  now: Date,
): Promise<string> {
  const before = id === undefined ? undefined : await codeOf(transaction, id)
  if (id !== undefined && before === undefined) throw new Fault('EG-CODE-UNKNOWN', { status: 404 })
  if (before !== undefined && !changeableStates.includes(before.state))
    throw new Fault('EG-CODE-KNOWN', { status: 409, path: 'itemCode', params: { code: before.itemCode } })
  const itemCode = fullCode(input, rin)
  const codes = () => transaction.knex('compliance_egypt_code').where({ company_id: transaction.companyId })
  const other = await codes().where({ item_code: itemCode }).first<{ id: string; state: CodeState } | undefined>('id', 'state')
  // A new one with the code of a draft replaces it; a changed one may not take another's place, nor either that of one that was sent.
  if (other !== undefined && other.id !== id && (id !== undefined || !changeableStates.includes(other.state)))
    throw new Fault('EG-CODE-KNOWN', { status: 409, path: 'itemCode', params: { code: itemCode } })
  const row = { item_code: itemCode, ...rowOf(input), state: 'draft', reason: null, request_id: null }
  const place = id ?? other?.id
  if (place !== undefined) await codes().where({ id: place }).update(row)
  else await transaction.knex('compliance_egypt_code').insert({ company_id: transaction.companyId, created_at: now, ...row })
  return place ?? (await codes().where({ item_code: itemCode }).first<{ id: string }>('id')).id
}

/** Throws away what the authority has no request of. @throws Fault EG-CODE-KNOWN */
export async function removeCodes(transaction: CompanyTransaction, ids: readonly string[]): Promise<void> {
  const codes = () =>
    transaction
      .knex('compliance_egypt_code')
      .where({ company_id: transaction.companyId })
      .whereIn('id', [...ids])
  const sent = await codes()
    .whereNotIn('state', [...changeableStates])
    .first<{ item_code: string } | undefined>('item_code')
  if (sent !== undefined) throw new Fault('EG-CODE-KNOWN', { status: 409, params: { code: sent.item_code } })
  await codes().delete()
}

function rowOf(input: CodeInput): Readonly<Record<string, string | boolean | null>> {
  return {
    code_type: input.codeType,
    usage: input.usage,
    parent_code: input.parentCode,
    name: input.name,
    name_ar: input.nameAr,
    active_from: input.activeFrom,
    active_to: input.activeTo === undefined || input.activeTo === '' ? null : input.activeTo,
  }
}

/** Adds drafts; one that is there and was not taken is written over. @throws Fault EG-CODE-… with the row's place */
export async function addCodes(host: Host, context: CompanyContext, inputs: readonly CodeInput[]): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const rin = registrationNumberOf(await host.access.company(context.companyId))
  if (rin === undefined) throw new Fault('EG-REGISTRATION-MISSING')
  await host.db.company(context.companyId, async (transaction) => {
    for (const input of inputs) await saveCode(transaction, rin, undefined, input, host.now())
  })
}

function fullCode(input: CodeInput, rin: string): string {
  if (input.codeType === 'GS1') {
    if (!gs1Holds(input.itemCode)) throw new Fault('EG-CODE-GS1', { path: 'itemCode', params: { code: input.itemCode } })
    return input.itemCode
  }
  // A code of somebody else is used, not made: it keeps its own prefix.
  if (input.usage) return input.itemCode
  const prefix = `EG-${rin}-`
  if (/^EG-\d{9}-/.test(input.itemCode) && !input.itemCode.startsWith(prefix))
    throw new Fault('EG-CODE-FOREIGN', { path: 'itemCode', params: { code: input.itemCode, prefix } })
  return input.itemCode.startsWith(prefix) ? input.itemCode : `${prefix}${input.itemCode}`
}

/** GS1 General Specifications 7.9: weights 3 and 1 from the right. */
function gs1Holds(code: string): boolean {
  if (!/^(?:\d{8}|\d{12,14})$/.test(code)) return false
  const sum = Array.from(code)
    .reverse()
    .reduce((total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 1 : 3), 0)
  return sum % 10 === 0
}

const heads: Readonly<Record<string, keyof CodeInput>> = {
  itemcode: 'itemCode',
  code: 'itemCode',
  codetype: 'codeType',
  type: 'codeType',
  parentcode: 'parentCode',
  gpc: 'parentCode',
  codename: 'name',
  name: 'name',
  codenamear: 'nameAr',
  namear: 'nameAr',
  activefrom: 'activeFrom',
  activeto: 'activeTo',
}

/** A CSV or XLSX file: all rows or none. @returns how many were added; faults say row and column */
export async function importCodes(
  host: Host,
  context: CompanyContext,
  bytes: Buffer,
): Promise<{ readonly added: number; readonly faults: readonly FaultDetail[] }> {
  const table = await readTable(bytes)
  const names = table.heads.map((head) => heads[head.toLowerCase().replace(/[^a-z]/g, '')])
  const inputs: CodeInput[] = []
  const faults: FaultDetail[] = []
  for (const [index, cells] of table.rows.entries()) {
    const values = Object.fromEntries(
      names.flatMap((name, column) => (name === undefined || (cells[column] ?? '') === '' ? [] : [[name, cells[column]]])),
    )
    const read = codeInput.safeParse(values)
    if (read.success) inputs.push(read.data)
    else
      faults.push({
        code: 'EG-CODE-ROW',
        path: `rows[${index}]`,
        params: { row: index + 2, field: read.error.issues.map((issue) => issue.path.join('.')).join(', ') },
      })
  }
  if (faults.length > 0) return { added: 0, faults }
  await addCodes(host, context, inputs)
  return { added: inputs.length, faults: [] }
}

const creation = z.looseObject({
  passedItems: z
    .array(z.looseObject({ itemCode: z.string(), codeUsageRequestId: z.union([z.string(), z.number()]).nullish().catch(null) }))
    .nullish()
    .catch([]),
  failedItems: z
    .array(z.looseObject({ itemCode: z.string(), errors: z.array(z.unknown()).nullish().catch([]) }))
    .nullish()
    .catch([]),
})

/** Sends all drafts, new codes and uses apart. What was sent and not answered is looked for before. */
export async function sendCodes(host: Host, context: CompanyContext): Promise<number> {
  host.access.require(context, 'invoicing.manager')
  const company = await host.access.company(context.companyId)
  await refreshCodes(host, context)
  let taken = 0
  for (const usage of [false, true]) {
    const rows = await host.db.company(context.companyId, async (transaction) => {
      const drafts = (await codesOf(transaction, ['draft'])).filter((one) => one.usage === usage)
      await setState(
        transaction,
        drafts.map((one) => one.id),
        { state: 'sending', sent_at: host.now() },
      )
      return drafts
    })
    if (rows.length === 0) continue
    const items = rows.map((one) =>
      usage
        ? { codetype: one.codeType, itemcode: one.itemCode, comment: one.name }
        : {
            codeType: one.codeType,
            parentCode: one.parentCode,
            itemCode: one.itemCode,
            codeName: one.name,
            codeNameAr: one.nameAr,
            activeFrom: `${one.activeFrom}T00:00:00Z`,
            activeTo: one.activeTo === null ? null : `${one.activeTo}T00:00:00Z`,
            description: one.name,
            descriptionAr: one.nameAr,
          },
    )
    const path = usage ? 'api/v1.0/codetypes/requests/codeusages' : 'api/v1.0/codetypes/requests/codes'
    const reply = await callEta(host, context, company, { method: usage ? 'PUT' : 'POST', path, body: JSON.stringify({ items }) })
    const read = creation.safeParse(reply.json)
    const said = read.success ? [...(read.data.passedItems ?? []), ...(read.data.failedItems ?? [])] : []
    if (said.length === 0) {
      const [fault] = readError(reply.json, reply.text).faults
      if (reply.status >= 400 && fault !== undefined) {
        // Refused as a whole: drafts again, and the reason is shown.
        await host.db.company(context.companyId, (transaction) =>
          setState(
            transaction,
            rows.map((one) => one.id),
            { state: 'draft' },
          ),
        )
        throw new Fault(fault.code, { status: 409, params: fault.params ?? {} })
      }
      throw new SubmissionUncertain(`codes: HTTP ${reply.status}`)
    }
    await host.db.company(context.companyId, async (transaction) => {
      for (const row of rows) {
        const passed = read.data?.passedItems?.find((one) => one.itemCode === row.itemCode)
        const failed = read.data?.failedItems?.find((one) => one.itemCode === row.itemCode)
        if (passed !== undefined) {
          taken++
          await setState(transaction, [row.id], {
            state: 'submitted',
            request_id: (passed.codeUsageRequestId ?? null) === null ? null : String(passed.codeUsageRequestId),
          })
        } else if (failed !== undefined) {
          const reason = (failed.errors ?? []).map((error) => (typeof error === 'string' ? error : JSON.stringify(error))).join(' · ')
          await setState(transaction, [row.id], { state: 'refused', reason: reason.slice(0, 1000) })
        }
      }
      host.audit.record(transaction, context, {
        action: 'compliance-egypt.codes-sent',
        subject: { type: 'compliance-egypt.company', id: context.companyId, label: company.name },
        facts: { count: rows.length, taken },
      })
    })
  }
  return taken
}

async function setState(
  transaction: CompanyTransaction,
  ids: readonly string[],
  changes: Readonly<Record<string, string | Date | null>>,
): Promise<void> {
  if (ids.length > 0)
    await transaction
      .knex('compliance_egypt_code')
      .where({ company_id: transaction.companyId })
      .whereIn('id', [...ids])
      .update(changes)
}

const mine = z.looseObject({
  result: z.array(
    z.looseObject({
      itemCode: z.string(),
      codeUsageRequestID: z.union([z.string(), z.number()]).nullish().catch(null),
      status: z.string().nullish().catch(null),
      active: z.boolean().nullish().catch(null),
      statusReason: z.string().nullish().catch(null),
    }),
  ),
  metadata: z
    .looseObject({ totalPages: z.number().catch(1) })
    .nullish()
    .catch(null),
})

/** What the authority's staff decided about our requests. */
export async function refreshCodes(host: Host, context: CompanyContext): Promise<void> {
  const open = await host.db.company(context.companyId, (transaction) => codesOf(transaction, ['sending', 'submitted']))
  if (open.length === 0) return
  const company = await host.access.company(context.companyId)
  const said = new Map<string, { readonly status: string; readonly reason: string | null; readonly id: string | null }>()
  for (let page = 1; page <= 100; page++) {
    const reply = await callEta(host, context, company, {
      method: 'GET',
      path: 'api/v1.0/codetypes/requests/my',
      query: { Ps: '100', Pn: String(page) },
    })
    const read = mine.safeParse(reply.json)
    if (reply.status !== 200 || !read.success) throw new SubmissionUncertain(`codes: HTTP ${reply.status}`)
    for (const one of read.data.result) {
      const id = (one.codeUsageRequestID ?? null) === null ? null : String(one.codeUsageRequestID)
      // Newest first: the latest request of a code speaks for it.
      if (!said.has(one.itemCode))
        said.set(one.itemCode, { status: (one.status ?? '').toLowerCase(), reason: one.statusReason ?? null, id })
    }
    if (page >= (read.data.metadata?.totalPages ?? 1)) break
  }
  await host.db.company(context.companyId, async (transaction) => {
    for (const row of open) {
      const found = said.get(row.itemCode)
      if (found === undefined) {
        // It never arrived: a draft again, to be sent.
        if (row.state === 'sending') await setState(transaction, [row.id], { state: 'draft' })
      } else if (found.status === 'approved')
        await setState(transaction, [row.id], { state: 'approved', request_id: found.id, decided_at: host.now() })
      else if (found.status === 'rejected')
        await setState(transaction, [row.id], { state: 'rejected', request_id: found.id, reason: found.reason, decided_at: host.now() })
      else await setState(transaction, [row.id], { state: 'submitted', request_id: found.id })
    }
  })
}
