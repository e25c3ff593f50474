import { createPublicKey } from 'node:crypto'
import type { KeyAlgorithm, KeyReference } from '../../core/signing/key.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { generateKeyMaterial } from '../../core/signing/keys/software/key-material.js'
import { SoftwareKeyProvider } from '../../core/signing/keys/software/software-provider.js'
import { wrapKey } from '../../core/signing/keys/software/wrapping.js'
import { softHsmIsHere, SoftToken } from '../../core/signing/test/soft-token.js'
import { describeKeyProvider } from './key-provider-contract.js'

describeKeyProvider('software', () => {
  const masterKey = Buffer.alloc(32, 3)
  const provider = new SoftwareKeyProvider(() => masterKey)
  const make = async (algorithm: KeyAlgorithm): Promise<{ reference: KeyReference; publicKey: Buffer }> => {
    const made = await generateKeyMaterial(algorithm)
    const wrapped = wrapKey(masterKey, 'company', algorithm, made.privateKey.export({ format: 'der', type: 'pkcs8' }))
    return { reference: { keyId: algorithm, companyId: 'company', algorithm, stored: { wrapped } }, publicKey: made.publicKey }
  }
  const made = new Map<KeyAlgorithm, ReturnType<typeof make>>()
  const key = (algorithm: KeyAlgorithm): ReturnType<typeof make> => {
    const known = made.get(algorithm) ?? make(algorithm)
    made.set(algorithm, known)
    return known
  }
  return Promise.resolve({
    provider,
    key,
    unknown: { keyId: 'x', companyId: 'company', algorithm: 'ec-p256', stored: {} },
    close: () => provider.close(),
  })
})

const tokenTypes: Partial<Record<KeyAlgorithm, [type: string, identifier: string]>> = {
  'rsa-2048': ['rsa:2048', '01'],
  'rsa-3072': ['rsa:3072', '02'],
  'ec-p256': ['EC:prime256v1', '03'],
  'ec-p384': ['EC:secp384r1', '04'],
  'ec-secp256k1': ['EC:secp256k1', '05'],
}

if (softHsmIsHere) {
  describeKeyProvider('PKCS#11 (SoftHSM2)', () => {
    const token = new SoftToken()
    for (const [algorithm, [type, identifier]] of Object.entries(tokenTypes)) token.generate(type, identifier, algorithm)
    const provider = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
    return Promise.resolve({
      provider,
      key: async (algorithm: KeyAlgorithm) => {
        const type = tokenTypes[algorithm]
        if (type === undefined) return undefined
        const found = await provider.findKey({ module: 'soft', tokenLabel: token.label, keyId: type[1] })
        createPublicKey({ key: found.publicKey, format: 'der', type: 'spki' })
        return { reference: { keyId: algorithm, companyId: 'company', algorithm, stored: found.stored }, publicKey: found.publicKey }
      },
      unknown: { keyId: 'x', companyId: 'company', algorithm: 'ec-p256', stored: { module: 'soft', keyId: 'ff' } },
      secrets: [token.pin],
      close: async () => {
        await provider.close()
        token.remove()
      },
    })
  })
} else {
  describe('key provider contract: PKCS#11 (SoftHSM2)', () => {
    it('needs the Debian package softhsm2')
  })
}
