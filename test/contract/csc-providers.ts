import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyAlgorithm } from '../../core/signing/key.js'
import { CscKeyProvider } from '../../core/signing/keys/csc/csc-provider.js'
import { startSandbox } from '../../modules/sandbox/index.js'
import type { ProviderUnderTest } from './key-provider-contract.js'

const sandboxCredentials: Readonly<Partial<Record<KeyAlgorithm, string>>> = {
  'rsa-2048': 'seal-rsa',
  'rsa-3072': 'seal-rsa-3072',
  'ec-p256': 'seal-p256',
  'ec-p384': 'seal-p384',
  'ec-secp256k1': 'seal-k256',
}

/** A key of a CSC service as the contract wants it. */
export async function cscKey(provider: CscKeyProvider, service: string, credentialId: string, algorithm: KeyAlgorithm) {
  const found = await provider.findKey({ service, credentialId })
  return { reference: { keyId: credentialId, companyId: 'company', algorithm, stored: found.stored }, publicKey: found.publicKey }
}

/** The sandbox's remote signing service, spoken to in one version of the API. */
export async function openSandboxService(version: '1' | '2'): Promise<ProviderUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'khatm-csc-'))
  const sandbox = await startSandbox({ dataDir: join(folder, 'sandbox') })
  const clientSecretFile = join(folder, 'secret')
  writeFileSync(clientSecretFile, sandbox.csc.clientSecret)
  const service = {
    name: 'qtsp',
    url: `${sandbox.csc.url}/v${version}`,
    version,
    clientId: sandbox.csc.clientId,
    clientSecretFile,
    authorityFile: null,
    certificateFile: null,
    keyFile: null,
    pinFile: null,
  }
  const provider = new CscKeyProvider([service])
  return {
    provider,
    key: async (algorithm) => {
      const credentialId = sandboxCredentials[algorithm]
      return credentialId === undefined ? undefined : cscKey(provider, 'qtsp', credentialId, algorithm)
    },
    unknown: { keyId: 'x', companyId: 'company', algorithm: 'ec-p256', stored: { service: 'qtsp', credentialId: 'nobody' } },
    close: async () => {
      await provider.close()
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
