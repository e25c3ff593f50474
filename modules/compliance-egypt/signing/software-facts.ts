import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { installationRoot } from '../../../core/host/load-modules.js'
import { hostVersion } from '../../../core/host/version.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { DriverFacts, Key } from '../../../core/signing/key.js'

/** Which software signed (Executive Regulations Art. 8(b)): what is known of it at that moment, null where nothing was told. */
export interface SoftwareFacts {
  /** This house, by its package, and the contract its modules are written for. */
  readonly khatm: string
  readonly contract: string
  readonly node: string
  readonly openssl: string
  readonly system: string
  /** The library of the token; null for keys that need none, and where the library could not be asked. */
  readonly driver: DriverFacts | null
}

const packageFile = z.object({ version: z.string() })
let ownVersion: string | undefined

/** Version of the installed package; read once. */
function khatmVersion(): string {
  ownVersion ??= packageFile.parse(JSON.parse(readFileSync(join(installationRoot, 'package.json'), 'utf8'))).version
  return ownVersion
}

/** What runs here, without asking a token. */
export function softwareHere(): Omit<SoftwareFacts, 'driver'> {
  const { node, openssl } = process.versions
  return { khatm: khatmVersion(), contract: hostVersion, node, openssl, system: `${process.platform} ${process.arch}` }
}

/**
 * The library between this house, or the desk, and the key's token: asked of the process that has it loaded; a desk has told its own
 * before it signs. A token that cannot be asked now says why when it is asked to sign.
 */
export async function driverOf(host: Host, { provider, attributes }: Key): Promise<DriverFacts | null> {
  const { module, driverVersion, driverSha256 } = attributes
  if (typeof module !== 'string') return null
  if (provider === 'agent') {
    if (driverVersion === undefined && driverSha256 === undefined) return null
    return { library: module, version: textOf(driverVersion), description: null, sha256: textOf(driverSha256) }
  }
  try {
    return provider === 'pkcs11' ? ((await host.signing.provider('pkcs11').driver?.(module)) ?? null) : null
  } catch (error) {
    if (error instanceof Fault) return null
    throw error
  }
}

function textOf(value: string | number | boolean | undefined): string | null {
  return value === undefined ? null : String(value)
}
