import { createHash } from 'node:crypto'
import { digestIdentifier } from '../../core/signing/algorithms.js'
import { element, integer, objectIdentifier, octetString, sequence } from '../../core/signing/der.js'
import { createSignedData } from '../../core/signing/formats/cades/signed-data.js'
import type { EvidenceFor } from '../../core/signing/revocation/collect-evidence.js'
import { issueCertificate, signerOf, type TestCertificate } from '../../core/signing/test/test-authority.js'
import type { TimeStampClient } from '../../core/signing/tsp/time-stamp.js'

/** Time stamps made in this process, so that the figures show our work and no network's. */
export function localTimeStamps(root: TestCertificate): TimeStampClient {
  const wishes = { commonName: 'Time', issuer: root, extendedKeyUsage: '1.3.6.1.5.5.7.3.8', keyUsage: 0b1000_0000 }
  const signer = signerOf(issueCertificate(wishes), [root])
  return {
    async stamp(digestAlgorithm, digest) {
      const content = sequence(
        integer(1),
        objectIdentifier('1.2.3.4'),
        sequence(digestIdentifier(digestAlgorithm), octetString(digest)),
        integer(BigInt(Date.now())),
        element(0x18, Buffer.from('20261122103000Z')),
      )
      const contentDigest = createHash(signer.digestAlgorithm).update(content).digest()
      const { cms } = await createSignedData({ signer, content, contentDigest, contentType: '1.2.840.113549.1.9.16.1.4' })
      return { token: cms, at: new Date('2026-11-22T10:30:00Z'), authority: 'Time' }
    },
  }
}

/** Evidence as large as a usual one: the certificates, and 2 kB of an answer for each path. */
export function localEvidence(root: TestCertificate): EvidenceFor {
  const answer = sequence(octetString(Buffer.alloc(2000, 7)))
  return (paths) => Promise.resolve({ crls: [], ocspResponses: [answer], certificates: [...paths.flatMap((path) => path), root.der] })
}
