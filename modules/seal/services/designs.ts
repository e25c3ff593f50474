import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { sealSvg } from '../drawing/seal-svg.js'
import { sealDesignInput, type SealDesign, type SealDesignInput } from '../models/design.js'

interface DesignRow {
  company_id: string
  id: string
  name: string
  shape: SealDesign['shape']
  name_ar: string
  name_latin: string
  caption: string
  number: string
  year: string
  colour: SealDesign['colour']
  key_id: string | null
  is_default: boolean
  svg: string
}

function designOf(row: DesignRow): SealDesign {
  return {
    id: row.id,
    name: row.name,
    shape: row.shape,
    nameAr: row.name_ar,
    nameLatin: row.name_latin,
    caption: row.caption,
    number: row.number,
    year: row.year,
    colour: row.colour,
    keyId: row.key_id,
    isDefault: row.is_default,
    svg: row.svg,
  }
}

/** @throws Fault SEAL-NAME-MISSING, SEAL-FIELD with the path of each wrong field */
export function readDesignInput(values: unknown): SealDesignInput {
  const parsed = sealDesignInput.safeParse(values)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue): FaultDetail => {
    const path = issue.path.join('.')
    return issue.message === 'SEAL-NAME-MISSING'
      ? { code: 'SEAL-NAME-MISSING', path }
      : { code: 'SEAL-FIELD', path, params: { field: path } }
  })
  Fault.throwIfAny(faults)
  throw new Fault('SEAL-FIELD', { params: { field: '' } })
}

/** Draws before anything is stored: a design that cannot be drawn is never saved. */
export function drawDesign(host: Pick<Host, 'documents'>, design: SealDesignInput): Promise<string> {
  return sealSvg(host.documents, design)
}

/**
 * Saves a drawn design; the company's first becomes its default.
 * @param id null for a new one
 * @throws Fault SEAL-DESIGN-UNKNOWN, and SIGN-KEY-UNKNOWN when the key is not the company's
 */
export async function saveDesign(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  id: string | null,
  design: SealDesignInput,
  svg: string,
): Promise<SealDesign> {
  if (design.keyId !== null) await host.signing.key(transaction, design.keyId)
  const at = host.now()
  const columns = {
    name: design.name,
    shape: design.shape,
    name_ar: design.nameAr,
    name_latin: design.nameLatin,
    caption: design.caption,
    number: design.number,
    year: design.year,
    colour: design.colour,
    key_id: design.keyId,
    svg,
    updated_at: at,
  }
  const { knex, companyId } = transaction
  const designId = id ?? randomUUID()
  if (id === null) {
    const existing: { id: string } | undefined = await knex('seal_design').where({ company_id: companyId, is_default: true }).first('id')
    await knex('seal_design').insert({
      ...columns,
      company_id: companyId,
      id: designId,
      is_default: existing === undefined,
      created_at: at,
    })
  } else {
    const changed = await knex('seal_design').where({ company_id: companyId, id }).update(columns)
    if (changed === 0) throw new Fault('SEAL-DESIGN-UNKNOWN', { status: 404 })
  }
  host.audit.record(transaction, context, {
    action: id === null ? 'seal.designed' : 'seal.changed',
    subject: { type: 'seal', id: designId, label: design.name },
    facts: { shape: design.shape, colour: design.colour, keyId: design.keyId },
  })
  return readDesign(transaction, designId)
}

export async function listDesigns(transaction: CompanyTransaction): Promise<SealDesign[]> {
  const rows = await transaction
    .knex<DesignRow>('seal_design')
    .where('company_id', transaction.companyId)
    .orderBy([{ column: 'is_default', order: 'desc' }, { column: 'name' }])
  return rows.map(designOf)
}

/** @throws Fault SEAL-DESIGN-UNKNOWN (404) */
export async function readDesign(transaction: CompanyTransaction, id: string): Promise<SealDesign> {
  const row = await transaction.knex<DesignRow>('seal_design').where({ company_id: transaction.companyId, id }).first()
  if (row === undefined) throw new Fault('SEAL-DESIGN-UNKNOWN', { status: 404 })
  return designOf(row)
}

/** The seal that documents get unless told otherwise; undefined while the company has none. */
export async function defaultDesign(transaction: CompanyTransaction): Promise<SealDesign | undefined> {
  const row = await transaction.knex<DesignRow>('seal_design').where({ company_id: transaction.companyId, is_default: true }).first()
  return row === undefined ? undefined : designOf(row)
}

/** @throws Fault SEAL-DESIGN-UNKNOWN (404) */
export async function makeDefault(host: Host, context: CompanyContext, transaction: CompanyTransaction, id: string): Promise<void> {
  const design = await readDesign(transaction, id)
  const { knex, companyId } = transaction
  await knex('seal_design').where({ company_id: companyId, is_default: true }).update({ is_default: false })
  await knex('seal_design').where({ company_id: companyId, id }).update({ is_default: true })
  host.audit.record(transaction, context, { action: 'seal.made-default', subject: { type: 'seal', id, label: design.name } })
}
