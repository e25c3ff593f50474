import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { digestIdentifier } from '../../core/signing/algorithms.js'
import { element, integer, objectIdentifier, octetString, sequence } from '../../core/signing/der.js'
import { createSignedData } from '../../core/signing/formats/cades/signed-data.js'
import type { DigestAlgorithm } from '../../core/signing/key.js'
import type { Signer } from '../../core/signing/signing-service.js'
import { signerOf } from '../../core/signing/test/test-authority.js'
import type { TimeStampClient, TimeStampToken } from '../../core/signing/tsp/time-stamp.js'
import type { Sandbox } from '../../modules/sandbox/index.js'

const oidTstInfo = '1.2.840.113549.1.9.16.1.4'

/** A time stamp authority of the sandbox whose certificate lasts as long as a test wants, and whose clock the test moves. */
export class LocalTimeStampAuthority implements TimeStampClient {
  private constructor(
    private readonly signer: Signer,
    private readonly now: () => Date,
  ) {}

  static async issue(sandbox: Sandbox, now: () => Date, days: number): Promise<LocalTimeStampAuthority> {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const chain = await sandbox.issueCertificate({
      spki: pair.publicKey.export({ format: 'der', type: 'spki' }),
      subject: { C: 'SA', O: 'Khatm tests', CN: `Time stamps ${days}` },
      profile: 'tsa',
      days,
      notBefore: new Date(now().getTime() - 60_000),
    })
    const [own, ...issuers] = chain.map((der) => ({ der, pem: '', algorithm: 'ec-p256' as const, name: [], ...pair }))
    if (own === undefined) throw new RangeError('no certificate')
    return new LocalTimeStampAuthority(signerOf(own, issuers), now)
  }

  /** RFC 3161 2.4.2. */
  async stamp(digestAlgorithm: DigestAlgorithm, digest: Uint8Array): Promise<TimeStampToken> {
    const at = new Date(Math.floor(this.now().getTime() / 1000) * 1000)
    const digits = at.toISOString().slice(0, 19).replace(/\D/g, '')
    const content = sequence(
      integer(1),
      objectIdentifier('2.16.724.999.2.1'),
      sequence(digestIdentifier(digestAlgorithm), octetString(digest)),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      element(0x18, Buffer.from(`${digits}Z`)),
    )
    const contentDigest = createHash(this.signer.digestAlgorithm).update(content).digest()
    const { cms } = await createSignedData({ signer: this.signer, content, contentDigest, contentType: oidTstInfo })
    return { token: cms, at, authority: 'Time stamps' }
  }
}
