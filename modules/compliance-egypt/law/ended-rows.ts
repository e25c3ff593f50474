import { z } from 'zod'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault } from '../../../core/i18n/fault.js'

/** A register of the law: its rows end and are never deleted, for what was signed while they stood rests on them. */
export interface Register<Column extends string> {
  readonly table: string
  /** Column of the moment a row ended; null while it stands. */
  readonly endedAt: string
  /** Column of the reason, where the law wants one. */
  readonly endedReason?: string
  /** Columns that the event of it tells: texts. */
  readonly told: readonly Column[]
}

/**
 * Ends a row now. A register that keeps reasons wants one.
 * @throws Fault EG-LAW-REASON, EG-LAW-UNKNOWN for a row that is not of this company or has ended
 */
export async function endRow<Column extends string>(
  transaction: CompanyTransaction,
  register: Register<Column>,
  place: string | { readonly invoice_id: string },
  now: Date,
  reason?: string,
): Promise<Record<Column, string>> {
  const { endedReason } = register
  if (endedReason === undefined) return change(transaction, register, place, now, {})
  if (reason === undefined || reason.trim() === '') throw new Fault('EG-LAW-REASON', { path: 'reason' })
  return change(transaction, register, place, now, { [endedReason]: reason.trim().slice(0, 500) })
}

/** Takes an end back that was a mistake. @throws Fault EG-LAW-UNKNOWN for a row that is not of this company or stands */
export function restoreRow<Column extends string>(
  transaction: CompanyTransaction,
  register: Register<Column>,
  id: string,
): Promise<Record<Column, string>> {
  return change(transaction, register, id, null, register.endedReason === undefined ? {} : { [register.endedReason]: null })
}

async function change<Column extends string>(
  { knex, companyId }: CompanyTransaction,
  { table, endedAt, told }: Register<Column>,
  place: string | { readonly invoice_id: string },
  end: Date | null,
  more: object,
): Promise<Record<Column, string>> {
  // What is no identifier at all is a row nobody has.
  const where = typeof place === 'string' ? { id: z.uuid().safeParse(place).data ?? null } : place
  const rows = knex(table).where({ company_id: companyId, ...where })
  const found = end === null ? rows.whereNotNull(endedAt) : rows.whereNull(endedAt)
  const [row] = await found.update({ [endedAt]: end, ...more }).returning<Record<string, string>[]>([...told])
  if (row === undefined) throw new Fault('EG-LAW-UNKNOWN', { status: 404 })
  return row
}
