import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { endRow } from './ended-rows.js'

/** Art. 3(c): the certificate of the device a key lives in, as the company states it; the number lets anybody ask its register. */
export interface DeviceCertificate {
  readonly id: string
  readonly keyId: string
  readonly model: string
  /** By which it was certified: FIPS 140-3 level 3, Common Criteria EAL4+. */
  readonly standard: string
  readonly number: string
  readonly from: string
  readonly until: string | null
}

interface Row {
  readonly id: string
  readonly key_id: string
  readonly model: string
  readonly standard: string
  readonly number: string
  readonly valid_from: string
  readonly valid_until: string | null
}

/** Those that were not taken back, the newest first. */
export async function deviceCertificates({ knex, companyId }: CompanyTransaction): Promise<DeviceCertificate[]> {
  const rows = await knex('compliance_egypt_device_certificate')
    .where({ company_id: companyId })
    .whereNull('removed_at')
    .orderBy('created_at', 'desc')
    .select<Row[]>('id', 'key_id', 'model', 'standard', 'number', knex.raw('valid_from::text'), knex.raw('valid_until::text'))
  return rows.map(({ key_id: keyId, valid_from: from, valid_until: until, ...row }) => ({ ...row, keyId, from, until }))
}

/** The one of a key that stood on a day. */
export async function deviceCertificateOn(transaction: CompanyTransaction, keyId: string, day: string): Promise<DeviceCertificate | null> {
  const all = await deviceCertificates(transaction)
  return all.find((one) => one.keyId === keyId && one.from <= day && (one.until === null || one.until >= day)) ?? null
}

const text = z.string().trim().min(1).max(200)
const day = z.iso.date()
const input = z
  .object({ keyId: z.uuid(), model: text, standard: text, number: text, from: day, until: day.or(z.literal('')) })
  .refine(({ from, until }) => until === '' || until >= from, { path: ['until'] })

/** @throws Fault EG-DEVICE-CERTIFICATE-FORM with the field, SIGN-KEY-UNKNOWN, EG-DEVICE-CERTIFICATE-SOFTWARE */
export async function addDeviceCertificate(host: Host, context: CompanyContext, given: unknown): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const read = input.safeParse(given)
  if (!read.success) throw new Fault('EG-DEVICE-CERTIFICATE-FORM', { path: String(read.error.issues[0]?.path[0] ?? '') })
  const { keyId, model, standard, number, from, until } = read.data
  await host.db.company(context.companyId, async (transaction) => {
    const key = await host.signing.key(transaction, keyId)
    if (key.provider === 'software') throw new Fault('EG-DEVICE-CERTIFICATE-SOFTWARE', { path: 'keyId' })
    await transaction.knex('compliance_egypt_device_certificate').insert({
      company_id: transaction.companyId,
      key_id: keyId,
      model,
      standard,
      number,
      valid_from: from,
      valid_until: until === '' ? null : until,
      created_at: host.now(),
      created_by: context.actor.name,
    })
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.device-certificate-added',
      subject: { type: 'key', id: keyId, label: key.name },
      facts: { model, standard, number, from, until: until === '' ? null : until },
    })
  })
}

const register = { table: 'compliance_egypt_device_certificate', endedAt: 'removed_at', told: ['key_id', 'number'] } as const

/** Taken back: it shows nothing any more. @throws Fault EG-LAW-UNKNOWN */
export async function removeDeviceCertificate(host: Host, context: CompanyContext, id: string): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  await host.db.company(context.companyId, async (transaction) => {
    const row = await endRow(transaction, register, id, host.now())
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.device-certificate-removed',
      subject: { type: 'key', id: row.key_id },
      facts: { number: row.number },
    })
  })
}
