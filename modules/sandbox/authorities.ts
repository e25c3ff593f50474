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
    const { url, timeStampUrl, smtp } = sandbox
    return { url, timeStampUrl, smtp, trustAnchors: await trustAnchors(url), stop: () => sandbox.close() }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'SANDBOX-RUNNING') throw error
    return attach(dataDir)
  }
}

async function attach(dataDir: string): Promise<LocalAuthorities> {
  const place = readPlace(dataDir)
  const url = `http://127.0.0.1:${String(place.port)}`
  return {
    url,
    timeStampUrl: `${url}/tsa`,
    smtp: { host: '127.0.0.1', port: place.smtpPort },
    trustAnchors: await trustAnchors(url),
    stop: () => Promise.resolve(),
  }
}

/** The root; and the issuers of invoice certificates, since a signed invoice carries its leaf certificate alone. */
function trustAnchors(url: string): Promise<Buffer[]> {
  return Promise.all(
    ['root', 'saudi', 'egypt'].map(async (name) => {
      const answer = await fetch(`${url}/ca/${name}.cer`, { signal: AbortSignal.timeout(5000) })
      return Buffer.from(await answer.arrayBuffer())
    }),
  )
}
