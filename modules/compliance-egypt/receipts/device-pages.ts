import type { CompanyContext } from '../../../core/access/context.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { formatDecimal } from '../../../core/money/format-amount.js'
import { copyAsDraft, documentOf } from '../../invoicing/index.js'
import { branchesOf } from '../company/company-rows.js'
import { devicesOf, makeDeviceDefault, switchDevice } from './device-rows.js'
import { lastReceipts, unsentByDevice, type ShownReceipt } from './receipt-overview.js'
import { filedReceipts } from './receipt-rows.js'
import { storeDevice } from './save-device.js'

const managers = ['invoicing.manager'] as const
const here = '/app/compliance-egypt/devices'

/** Points of sale: the list with the end of each chain, and a form to add one. */
export function devicePages({ host, routes }: ModuleSetup): void {
  async function page(context: CompanyContext, problem?: { fault: Fault; form: PageCall['body'] }, edited?: string): Promise<PageAnswer> {
    const company = await host.access.company(context.companyId)
    const { devices, branches, receipts, unsent } = await host.db.company(context.companyId, async (transaction) => {
      const found = await devicesOf(transaction)
      const active = (await branchesOf(transaction)).filter((branch) => branch.active)
      return { devices: found, branches: active, receipts: await lastReceipts(transaction, 20), unsent: await unsentByDevice(transaction) }
    })
    const edit = problem === undefined ? devices.find((device) => device.serial === edited) : undefined
    const form: Readonly<Record<string, unknown>> =
      problem?.form ?? (edit === undefined ? {} : { ...edit, signBatches: edit.signBatches ? 'yes' : 'no' })
    const typed = (name: string): string => {
      const value = form[name]
      return typeof value === 'string' ? value : ''
    }
    const shown = (one: ShownReceipt): object => ({
      ...one,
      href: `/app/invoicing/invoice/${one.invoiceId}`,
      correct: `${here}/receipts/${one.invoiceId}/correct`,
      short: one.uuid.slice(0, 16),
      kind: `compliance-egypt.receipt.kind.${kindOf(one.receiptType)}`,
      amount: formatDecimal(one.total, minorUnits(one.currency), context.locale, company.digits),
      label: `compliance-egypt.receipt.state.${one.state}`,
      colour: one.state === 'rejected' ? 'red' : one.state.startsWith('accepted') ? 'green' : 'orange',
      reasons: (one.faults.length > 0 ? one.faults : one.lastError === null ? [] : [one.lastError]).map((fault) =>
        host.i18n.faultOnPage(context.locale, fault),
      ),
    })
    return {
      kind: 'page',
      template: 'compliance-egypt/devices',
      title: host.i18n.text(context.locale, 'compliance-egypt.devices.title'),
      data: {
        devices: devices.map((device) => ({ ...device, short: device.lastUuid.slice(0, 16), unsent: unsent.get(device.serial) ?? 0 })),
        receipts: receipts.map(shown),
        edit: edit === undefined ? null : { name: edit.name },
        signs: typed('signBatches') === 'yes',
        branches: branches.map((branch) => ({ ...branch, selected: typed('branchCode') === branch.code })),
        fields: fields.map((field) => ({
          ...field,
          label: `compliance-egypt.device.${field.name}`,
          value: typed(field.name) || ('usual' in field ? field.usual : ''),
        })),
        problem: problem === undefined ? null : { code: problem.fault.code, text: host.i18n.faultOnPage(context.locale, problem.fault) },
      },
      status: problem === undefined ? 200 : problem.fault.status,
      here,
    }
  }

  routes.page('get', '/devices', managers, ({ context, query }) => page(context, undefined, query['edit']))
  routes.page('post', '/devices', managers, async ({ context, body }) => {
    try {
      await storeDevice(host, context, body)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return page(context, { fault: error, form: body })
    }
    return { kind: 'redirect', to: here, notice: { key: 'compliance-egypt.notice.saved', level: 'success' } }
  })
  routes.page('post', '/devices/receipts/:id/correct', ['invoicing.user'], async ({ context, params }) => {
    const id = params.id ?? ''
    const draft = await host.db.company(context.companyId, async (transaction) => {
      const document = await documentOf(transaction, id)
      const receipt = (await filedReceipts(transaction, [document.number])).get(document.number)
      if (receipt?.state !== 'rejected') throw new Fault('EG-RECEIPT-CORRECTION', { status: 409, params: { number: document.number } })
      if (receipt.correctedBy !== null) {
        throw new Fault('EG-RECEIPT-CORRECTED', { status: 409, params: { number: receipt.number, by: receipt.correctedBy } })
      }
      return copyAsDraft(host, context, transaction, id, { correctionOf: receipt.number, device: receipt.deviceSerial })
    })
    return {
      kind: 'redirect',
      to: `/app/invoicing/invoice/${draft.id}`,
      notice: { key: 'compliance-egypt.notice.correction', level: 'success' },
    }
  })
  routes.page('post', '/devices/:id', managers, async ({ context, params, body }) => {
    await host.db.company(context.companyId, async (transaction) => {
      const device = (await devicesOf(transaction)).find((one) => one.id === params.id)
      if (device === undefined) throw new Fault('EG-DEVICE-UNKNOWN', { status: 404, params: { serial: '' } })
      if (body.action === 'default') await makeDeviceDefault(transaction, device.serial)
      else await switchDevice(transaction, device.serial, body.action === 'on')
    })
    return { kind: 'redirect', to: here, notice: { key: 'compliance-egypt.notice.saved', level: 'success' } }
  })
}

/** `s` and `SR`, `SU`… sell, `r` and `RR`… take back, `RWR` takes back what no receipt is known of. */
function kindOf(receiptType: string): 'sale' | 'return' | 'return-without' {
  if (receiptType === 'RWR') return 'return-without'
  return /^r/i.test(receiptType) ? 'return' : 'sale'
}

const fields = [
  { name: 'name', required: true, longest: 100 },
  { name: 'serial', required: true, longest: 100, latin: true },
  { name: 'osVersion', required: true, longest: 50, latin: true },
  { name: 'model', required: true, longest: 10, latin: true },
  { name: 'receiptType', required: true, longest: 2, latin: true, usual: 's' },
  { name: 'syndicateLicense', longest: 100, latin: true },
] as const
