import { isUuid } from '../../../core/access/companies.js'
import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { registrationNumberOf } from '../company/readiness.js'

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
  if (!isUuid(id)) return undefined
  const { rows } = await transaction.knex.raw<{ rows: CodeRow[] }>(
    `select ${columns} from compliance_egypt_code where company_id = ? and id = ?`,
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

/**
 * Adds drafts, all or none; one that is there and was not taken is written over.
 * @param found faults of others beside them: nothing is added then, and all is told together
 * @throws Fault EG-REGISTRATION-MISSING; EG-CODE-KNOWN, EG-CODE-FOREIGN, EG-CODE-GS1 with a detail for each that may not be added, at
 *   `codes[n].itemCode`
 */
export async function addCodes(
  host: Host,
  context: CompanyContext,
  inputs: readonly CodeInput[],
  found: readonly FaultDetail[] = [],
): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const rin = registrationNumberOf(await host.access.company(context.companyId))
  if (rin === undefined) throw new Fault('EG-REGISTRATION-MISSING')
  await host.db.company(context.companyId, async (transaction) => {
    const faults: FaultDetail[] = []
    for (const [index, input] of inputs.entries()) {
      try {
        await saveCode(transaction, rin, undefined, input, host.now())
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        faults.push({ code: error.code, path: `codes[${String(index)}].${error.path ?? 'itemCode'}`, params: error.params })
      }
    }
    Fault.throwIfAny([...found, ...faults])
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

/** Writes the same changes to several codes. */
export async function setCodes(
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
