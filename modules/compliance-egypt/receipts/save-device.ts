import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { branchesOf } from '../company/company-rows.js'
import { saleTypePattern } from '../data/receipt-limits.js'
import { registerSandboxDevice } from './sandbox-device.js'
import { devicesOf, saveDevice } from './device-rows.js'
import { presharedKeyPurpose } from './device-login.js'

const deviceForm = z.object({
  name: z.string().trim().min(1).max(100),
  // Goes into the name of a chain and into a header.
  serial: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,100}$/),
  osVersion: z
    .string()
    .trim()
    .regex(/^[\x20-\x7e]{1,50}$/),
  // At most 10 characters (receipt issuance FAQ).
  model: z
    .string()
    .trim()
    .regex(/^[\x20-\x7e]{1,10}$/),
  branchCode: z
    .string()
    .trim()
    .regex(/^\d{1,10}$/),
  syndicateLicense: z.string().trim().max(100).default(''),
  // Left out: as they were.
  receiptType: z.string().trim().regex(saleTypePattern).optional(),
  signBatches: z.union([z.boolean(), z.enum(['yes', 'no']).transform((value) => value === 'yes')]).optional(),
  presharedKey: z.union([z.literal(''), z.string().regex(/^[\x21-\x7e]{1,200}$/)]).default(''),
})

/**
 * Adds a point of sale as the portal registered it, or writes over its facts; an empty preshared key keeps the one that is there.
 * @throws Fault EG-SETUP-FIELD, EG-BRANCH-UNKNOWN, EG-DEVICE-KEY, ACCESS-DENIED
 */
export async function storeDevice(host: Host, context: CompanyContext, form: Readonly<Record<string, unknown>>): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const read = deviceForm.safeParse(form)
  if (!read.success) {
    const field = read.error.issues[0]?.path.join('.') ?? ''
    throw new Fault('EG-SETUP-FIELD', { path: field, params: { field } })
  }
  const { presharedKey, syndicateLicense, ...device } = read.data
  const wrapped =
    presharedKey === '' ? undefined : await host.signing.protect(context, Buffer.from(presharedKey, 'utf8'), presharedKeyPurpose)
  const company = await host.access.company(context.companyId)
  await host.db.company(context.companyId, async (transaction) => {
    const branches = await branchesOf(transaction)
    if (!branches.some((branch) => branch.code === device.branchCode && branch.active)) {
      throw new Fault('EG-BRANCH-UNKNOWN', { path: 'branchCode', params: { code: device.branchCode } })
    }
    const known = (await devicesOf(transaction)).find((one) => one.serial === device.serial)
    if (wrapped === undefined && known?.hasPresharedKey !== true) {
      throw new Fault('EG-DEVICE-KEY', { path: 'presharedKey', params: { serial: device.serial } })
    }
    const written = {
      ...device,
      syndicateLicense: syndicateLicense === '' ? null : syndicateLicense,
      receiptType: device.receiptType ?? known?.receiptType ?? 's',
      signBatches: device.signBatches ?? known?.signBatches ?? false,
    }
    await saveDevice(transaction, written, wrapped, host.now())
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.device',
      subject: { type: 'compliance-egypt.device', id: context.companyId, label: device.serial },
      facts: { serial: device.serial, model: device.model, branch: device.branchCode, key: wrapped !== undefined },
    })
  })
  // The stand-in has no portal where a person could register it.
  if (company.sandbox && presharedKey !== '') await registerSandboxDevice(host, company, { ...device, presharedKey })
}
