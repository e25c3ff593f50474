import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Configuration } from '../../config/schema.js'
import type { LocalAuthorities } from '../../core/host/module.js'
import { Fault } from '../../core/i18n/fault.js'
import { startSandbox } from './start.js'
import { readPlace } from './state/place.js'

/** The sandbox of a data folder: its own, or the one that another process already runs on the same folder. */
export async function startAuthorities(config: Configuration): Promise<LocalAuthorities> {
  const dataDir = join(config.dataDir, 'sandbox')
  try {
    const sandbox = await startSandbox({ dataDir })
    const { url, timeStampUrl, smtp, caCertificate } = sandbox
    return { url, timeStampUrl, smtp, trustAnchors: [caCertificate], stop: () => sandbox.close() }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'SANDBOX-RUNNING') throw error
    return attach(dataDir)
  }
}

async function attach(dataDir: string): Promise<LocalAuthorities> {
  const place = readPlace(dataDir)
  const url = `http://127.0.0.1:${String(place.port)}`
  const anchors = await fetch(`${url}/ca/trust-anchors.pem`, { signal: AbortSignal.timeout(5000) })
  return {
    url,
    timeStampUrl: `${url}/tsa`,
    smtp: { host: '127.0.0.1', port: place.smtpPort },
    trustAnchors: [new X509Certificate(await anchors.text()).raw],
    stop: () => Promise.resolve(),
  }
}
