import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Configuration } from '../../../config/schema.js'
import type { Company } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { EtaEnvironment } from '../company/company-rows.js'

/** Where one environment of the authority answers. */
export interface EtaAddresses {
  readonly identity: string
  readonly api: string
  readonly portal: string
}

const real: Readonly<Record<'preprod' | 'production', EtaAddresses>> = {
  preprod: {
    identity: 'https://id.preprod.eta.gov.eg',
    api: 'https://api.preprod.invoicing.eta.gov.eg',
    portal: 'https://preprod.invoicing.eta.gov.eg',
  },
  production: {
    identity: 'https://id.eta.gov.eg',
    api: 'https://api.invoicing.eta.gov.eg',
    portal: 'https://invoicing.eta.gov.eg',
  },
}

/** A sandbox company never leaves this machine. @throws Fault EG-SANDBOX-MISSING */
export function addressesOf(
  config: Pick<Configuration, 'sandbox'>,
  company: Pick<Company, 'sandbox'>,
  environment: EtaEnvironment,
): EtaAddresses {
  if (!company.sandbox && environment !== 'sandbox') return real[environment]
  if (config.sandbox.url === null) throw new Fault('EG-SANDBOX-MISSING', { status: 503 })
  const base = `${new URL(config.sandbox.url).origin}/eta`
  return { identity: `${base}/id`, api: base, portal: `${base}/portal` }
}

/** Page of a document that needs no login: printed as link and QR code. Known once the authority has named the document. */
export function shareLink(addresses: Pick<EtaAddresses, 'portal'>, documentUuid: string, longId: string): string {
  return `${addresses.portal}/documents/${documentUuid}/share/${longId}`
}

/**
 * Root of the authority's trial system, which is no public one: `<data folder>/trust/eta-preprod.pem`, put there by the operator.
 * Only calls to that system trust it.
 */
export function trialRoot(config: Pick<Configuration, 'dataDir'>, environment: EtaEnvironment): string | undefined {
  if (environment !== 'preprod') return undefined
  try {
    return readFileSync(join(config.dataDir, 'trust', 'eta-preprod.pem'), 'utf8')
  } catch {
    return undefined
  }
}
