import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { EtaPos } from '../authority/eta-client.js'
import { devicesOf, presharedKeyOf } from './device-rows.js'

export const presharedKeyPurpose = 'eta-pos-preshared-key'

/** What a point of sale logs in with, and whether its submissions are signed. */
export interface DeviceLogin {
  readonly pos: EtaPos
  readonly signs: boolean
}

/** @throws Fault EG-DEVICE-UNKNOWN, EG-DEVICE-KEY */
export async function loginOf(host: Host, context: CompanyContext, serial: string): Promise<DeviceLogin> {
  const { device, wrapped } = await host.db.company(context.companyId, async (transaction) => {
    const found = (await devicesOf(transaction)).find((one) => one.serial === serial)
    return { device: found, wrapped: await presharedKeyOf(transaction, serial) }
  })
  if (device === undefined) throw new Fault('EG-DEVICE-UNKNOWN', { status: 409, params: { serial } })
  if (wrapped === undefined) throw new Fault('EG-DEVICE-KEY', { status: 409, params: { serial } })
  const presharedKey = (await host.signing.reveal(context, wrapped, presharedKeyPurpose)).toString('utf8')
  return { pos: { serial, osVersion: device.osVersion, model: device.model, presharedKey }, signs: device.signBatches }
}
