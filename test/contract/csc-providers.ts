import { createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyAlgorithm } from '../../core/signing/key.js'
import { CscKeyProvider } from '../../core/signing/keys/csc/csc-provider.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { silent, SignerHouse } from '../../core/signing/signer-process/test/signer-house.js'
import { startSigner } from '../../core/signing/signer-process/signer-server.js'
import { SoftToken } from '../../core/signing/test/soft-token.js'
import { certify } from '../../core/signing/test/test-authority.js'
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

const algorithms: readonly KeyAlgorithm[] = ['rsa-2048', 'rsa-3072', 'ec-p256', 'ec-p384', 'ec-secp256k1']

/** `khatm signer` with keys in files, over mutual TLS. */
export async function openSignerWithFiles(version: '1' | '2'): Promise<ProviderUnderTest> {
  const house = new SignerHouse()
  house.addClient('host-a')
  for (const algorithm of algorithms) house.addKeyFile(algorithm, algorithm)
  return openSigner(house, version)
}

/** `khatm signer` before a SoftHSM token, over mutual TLS. */
export async function openSignerWithToken(): Promise<ProviderUnderTest> {
  const house = new SignerHouse()
  house.addClient('host-a')
  const token = new SoftToken()
  await addTokenKeys(house, token, {
    'rsa-2048': ['rsa:2048', '01'],
    'rsa-3072': ['rsa:3072', '02'],
    'ec-p256': ['EC:prime256v1', '03'],
    'ec-p384': ['EC:secp384r1', '04'],
    'ec-secp256k1': ['EC:secp256k1', '05'],
  })
  const opened = await openSigner(house, '2')
  return {
    ...opened,
    close: async () => {
      await opened.close()
      token.remove()
    },
  }
}

/** Makes keys on a token, certifies them, and puts them into the signer's configuration under their algorithms. */
export async function addTokenKeys(
  house: SignerHouse,
  token: SoftToken,
  kinds: Partial<Record<KeyAlgorithm, readonly [type: string, identifier: string]>>,
): Promise<void> {
  for (const [algorithm, [type, identifier]] of Object.entries(kinds)) token.generate(type, identifier, algorithm)
  const reader = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
  for (const [algorithm, [, identifier]] of Object.entries(kinds)) {
    const found = await reader.findKey({ module: 'soft', tokenLabel: token.label, keyId: identifier })
    const publicKey = createPublicKey({ key: found.publicKey, format: 'der', type: 'spki' })
    const certificate = certify({ commonName: algorithm, issuer: house.authority }, found.algorithm, publicKey, house.authority.privateKey)
    house.write(`${algorithm}.pem`, certificate.pem)
    const key = { kind: 'pkcs11', module: 'soft', tokenLabel: token.label, keyId: identifier } as const
    house.addCredential({ id: algorithm, key, chainFile: `${algorithm}.pem` })
  }
  await reader.close()
  house.more = { ...house.more, pkcs11: [token.configuration()] }
}

async function openSigner(house: SignerHouse, version: '1' | '2'): Promise<ProviderUnderTest> {
  const signer = await startSigner(house.configure(), silent)
  const provider = new CscKeyProvider([house.service(signer.url, 'host-a', version)])
  return {
    provider,
    key: (algorithm) => cscKey(provider, 'signer', algorithm, algorithm),
    unknown: { keyId: 'x', companyId: 'company', algorithm: 'ec-p256', stored: { service: 'signer', credentialId: 'nobody' } },
    close: async () => {
      await provider.close()
      await signer.stop()
      house.remove()
    },
  }
}
