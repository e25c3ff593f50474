import type { Configuration } from '../../../config/schema.js'
import { loadMasterKey, unwrapKey, wrapKey } from '../../../core/signing/keys/software/wrapping.js'

type KeyConfiguration = Pick<Configuration, 'dataDir' | 'signing'>

/** Wraps the secret of a CSID with the host's master key, bound to company and unit. */
export function wrapSecret(config: KeyConfiguration, companyId: string, unitId: string, secret: string): string {
  return wrapKey(loadMasterKey(config), companyId, `zatca-csid:${unitId}`, Buffer.from(secret, 'utf8'))
}

/** @throws Fault SIGN-KEY-UNWRAP */
export function unwrapSecret(config: KeyConfiguration, companyId: string, unitId: string, wrapped: string): string {
  return unwrapKey(loadMasterKey(config), companyId, `zatca-csid:${unitId}`, wrapped).toString('utf8')
}
