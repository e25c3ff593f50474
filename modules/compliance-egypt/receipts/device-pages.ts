import type { CompanyContext } from '../../../core/access/context.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { branchesOf } from '../company/company-rows.js'
import { devicesOf, makeDeviceDefault, switchDevice } from './device-rows.js'
import { storeDevice } from './save-device.js'

const managers = ['invoicing.manager'] as const
const here = '/app/compliance-egypt/devices'

/** Points of sale: the list with the end of each chain, and a form to add one. */
export function devicePages({ host, routes }: ModuleSetup): void {
  async function page(context: CompanyContext, problem?: { fault: Fault; form: PageCall['body'] }): Promise<PageAnswer> {
    const { devices, branches } = await host.db.company(context.companyId, async (transaction) => {
      const found = await devicesOf(transaction)
      return { devices: found, branches: (await branchesOf(transaction)).filter((branch) => branch.active) }
    })
    const typed = (name: string): string => {
      const value = problem?.form[name]
      return typeof value === 'string' ? value : ''
    }
    return {
      kind: 'page',
      template: 'compliance-egypt/devices',
      title: host.i18n.text(context.locale, 'compliance-egypt.devices.title'),
      data: {
        devices: devices.map((device) => ({ ...device, short: device.lastUuid.slice(0, 16) })),
        branches: branches.map((branch) => ({ ...branch, selected: typed('branchCode') === branch.code })),
        fields: fields.map((field) => ({
          ...field,
          label: `compliance-egypt.device.${field.name}`,
          value: typed(field.name) || ('usual' in field ? field.usual : ''),
        })),
        problem: problem === undefined ? null : { code: problem.fault.code, text: host.i18n.fault(context.locale, problem.fault) },
      },
      status: problem === undefined ? 200 : problem.fault.status,
      here,
    }
  }

  routes.page('get', '/devices', managers, ({ context }) => page(context))
  routes.page('post', '/devices', managers, async ({ context, body }) => {
    try {
      await storeDevice(host, context, body)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return page(context, { fault: error, form: body })
    }
    return { kind: 'redirect', to: here, notice: { key: 'compliance-egypt.notice.saved', level: 'success' } }
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

const fields = [
  { name: 'name', required: true, longest: 100 },
  { name: 'serial', required: true, longest: 100, latin: true },
  { name: 'osVersion', required: true, longest: 50, latin: true },
  { name: 'model', required: true, longest: 10, latin: true },
  { name: 'receiptType', required: true, longest: 2, latin: true, usual: 's' },
  { name: 'syndicateLicense', longest: 100, latin: true },
] as const
