import type { Host } from '../../../core/host/module.js'

/** The ISO day it is now where the company is. */
export async function today(host: Host, companyId: string): Promise<string> {
  const { timeZone } = await host.access.company(companyId)
  return dayIn(host.now(), timeZone)
}

export function dayIn(instant: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(instant)
}
