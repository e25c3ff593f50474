import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import { registrationNumberOf } from '../company/readiness.js'

/** Registers a point of sale at the stand-in on this machine, as a person does on the portal. @throws Fault EG-SANDBOX-MISSING */
export async function registerSandboxDevice(
  host: Host,
  company: Company,
  device: { readonly serial: string; readonly model: string; readonly presharedKey: string },
): Promise<void> {
  const { url } = host.config.sandbox
  if (url === null) throw new Fault('EG-SANDBOX-MISSING', { status: 503 })
  const { serial, model, presharedKey } = device
  const answer = await fetchGuarded(`${new URL(url).origin}/control/eta/points-of-sale`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ rin: registrationNumberOf(company), serial, model, presharedKey }),
    allowPrivate: host.config.allowedPrivateOrigins,
  })
  if (answer.status !== 201) throw new Fault('EG-SANDBOX-MISSING', { status: 502 })
}
