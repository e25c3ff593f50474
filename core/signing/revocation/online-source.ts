import { Fault, type FaultDetail } from '../../i18n/fault.js'
import { readCertificate, type Certificate } from '../../validation/certificate/certificate.js'
import type { RevocationSource } from '../../validation/revocation/evidence.js'
import { evidenceAddresses } from './addresses.js'
import { fetchCrl } from './crl-client.js'
import { EvidenceCache } from './evidence-cache.js'
import type { ExchangeOptions } from './exchange.js'
import { fetchIssuers } from './issuer-client.js'
import { askOcsp } from './ocsp-client.js'
import { SilentServers } from './silent-servers.js'

/** How answers are asked for and kept. */
export interface OnlineSourceOptions extends ExchangeOptions {
  /** Shared by all that ask; one of its own unless told. */
  readonly cache?: EvidenceCache
  /** A list or answer is asked for anew after this many milliseconds at the latest; 6 hours unless told. */
  readonly maximumAgeMs?: number
}

const day = 24 * 3_600_000

/**
 * Asks the servers that certificates name: OCSP first (RFC 6960), the lists where that fails (RFC 5280), with deltas;
 * issuers by authorityInfoAccess. Bounded in number, size and time; answers are kept until they name a newer one. Never
 * throws: what failed is a finding.
 */
export function createOnlineSource(settings: OnlineSourceOptions = {}): RevocationSource {
  const options: OnlineSourceOptions = { silent: new SilentServers(), ...settings }
  const cache = options.cache ?? new EvidenceCache()
  const now = options.now ?? ((): Date => new Date())
  const soonest = (until: Date | undefined): { until?: Date } =>
    until === undefined ? {} : { until: new Date(Math.min(until.getTime(), now().getTime() + (options.maximumAgeMs ?? day / 4))) }

  async function ocspOf(certificate: Certificate, issuer: Certificate, url: string): Promise<readonly Buffer[]> {
    return cache.get(`ocsp ${url} ${certificate.sha256} ${issuer.sha256}`, now(), async () => {
      const { response, until } = await askOcsp(url, certificate, issuer, options)
      return { bytes: [response], ...soonest(until) }
    })
  }

  /** The list of an address with the deltas it names; a delta that fails leaves the complete list as it is. */
  async function listsOf(url: string, deltas: readonly string[], findings: FaultDetail[]): Promise<readonly Buffer[]> {
    return cache.get(`crl ${url}`, now(), async () => {
      const { crl, nextUpdate, deltaAddresses } = await fetchCrl(url, options)
      const bytes = [crl]
      let until = nextUpdate
      for (const address of new Set([...deltas, ...deltaAddresses])) {
        try {
          const delta = await fetchCrl(address, options)
          bytes.push(delta.crl)
          if (delta.nextUpdate !== undefined && (until === undefined || delta.nextUpdate < until)) until = delta.nextUpdate
        } catch (error) {
          findings.push(findingOf(error))
        }
      }
      return { bytes, ...soonest(until) }
    })
  }

  return {
    async evidenceFor(certificate, issuer) {
      const addresses = evidenceAddresses(certificate)
      const findings: FaultDetail[] = []
      for (const url of addresses.ocsp) {
        try {
          return { ocspResponses: await ocspOf(certificate, issuer, url), crls: [], findings }
        } catch (error) {
          findings.push(findingOf(error))
        }
      }
      const crls: Buffer[] = []
      // Several points may each hold a part (reasons, scopes), so all of them are asked.
      for (const url of addresses.crls) {
        try {
          crls.push(...(await listsOf(url, addresses.deltaCrls, findings)))
        } catch (error) {
          findings.push(findingOf(error))
        }
      }
      return { ocspResponses: [], crls, findings }
    },

    async issuersOf(certificate) {
      const found: Certificate[] = []
      for (const url of evidenceAddresses(certificate).issuers) {
        try {
          const fetch = async (): Promise<{ bytes: readonly Buffer[]; until: Date }> => ({
            bytes: (await fetchIssuers(url, options)).map((issuer) => issuer.der),
            until: new Date(now().getTime() + day),
          })
          found.push(...(await cache.get(`aia ${url}`, now(), fetch)).map((der) => readCertificate(der)))
        } catch (error) {
          // An issuer that cannot be had shows as a chain that does not end; the verifier says that.
          findingOf(error)
        }
      }
      return found
    },
  }
}

function findingOf(error: unknown): FaultDetail {
  if (error instanceof Fault) return { code: error.code, params: error.params, level: 'warning' }
  throw error
}
