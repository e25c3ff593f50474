import { Fault } from '../../../i18n/fault.js'
import { readCertificate } from '../../../validation/certificate/certificate.js'
import type { KeyAlgorithm } from '../../key.js'
import { algorithmOf } from '../software/key-material.js'
import { authorisationOf, credentialAnswer, listAnswer, type Authorisation } from './answers.js'
import { CscRefusal, type CscConnection } from './connection.js'
import { curveOids } from './signature-algorithms.js'

/** A credential of a remote signing service, as people choose from and keys are adopted by. */
export interface CscCredential {
  readonly service: string
  readonly credentialId: string
  readonly description: string
  readonly algorithm: KeyAlgorithm
  /** OIDs of the signature algorithms it offers. */
  readonly offered: readonly string[]
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
  /** DER, the credential's own first. */
  readonly certificates: readonly Buffer[]
  readonly subject: string
  readonly enabled: boolean
  readonly authorisation: Authorisation
  /** `1`: the service authorises the credential, `2`: each authorisation covers named digests alone (EN 419 241-1 sole control). */
  readonly scal: string
  /** Signatures one authorisation may cover. */
  readonly multisign: number
}

/** Every page of credentials/list. @throws as CscConnection.call */
export async function listCredentials(connection: CscConnection): Promise<string[]> {
  const found: string[] = []
  let pageToken: string | undefined
  // Bounded: a service that hands out page after page is not followed for ever.
  for (let page = 0; page < 50; page++) {
    const asked = Buffer.from(JSON.stringify({ maxResults: 100, ...(pageToken === undefined ? {} : { pageToken }) }))
    const { credentialIDs, nextPageToken } = await connection.call('credentials/list', asked, listAnswer)
    found.push(...credentialIDs)
    if (nextPageToken === undefined || nextPageToken === null || nextPageToken === '' || nextPageToken === pageToken) break
    pageToken = nextPageToken
  }
  return [...new Set(found)]
}

/**
 * credentials/info with the whole chain; key, certificate and algorithm must agree.
 * @throws Fault SIGN-CSC-CREDENTIAL-UNKNOWN, SIGN-CSC-CREDENTIAL-UNUSABLE, SIGN-KEY-UNSUPPORTED
 */
export async function readCredential(connection: CscConnection, credentialId: string): Promise<CscCredential> {
  const service = connection.service.name
  const asked = Buffer.from(JSON.stringify({ credentialID: credentialId, certificates: 'chain', certInfo: true, authInfo: true }))
  const answer = await connection.call('credentials/info', asked, credentialAnswer).catch((error: unknown) => {
    if (error instanceof CscRefusal && error.error === 'invalid_request')
      throw new Fault('SIGN-CSC-CREDENTIAL-UNKNOWN', { params: { service, credential: credentialId }, status: 404, cause: error })
    throw error
  })
  const unusable = (reason: string, cause?: unknown): Fault =>
    new Fault('SIGN-CSC-CREDENTIAL-UNUSABLE', { params: { service, credential: credentialId, reason }, status: 502, cause })
  const certificates = (answer.cert.certificates ?? []).map((text) => Buffer.from(text, 'base64'))
  const [own] = certificates
  if (own === undefined) throw unusable('no certificate')
  const [leaf] = certificates.map((der) => {
    try {
      return readCertificate(der)
    } catch (cause) {
      throw unusable('certificate', cause)
    }
  })
  if (leaf === undefined) throw unusable('no certificate')
  const algorithm = algorithmOf(leaf.publicKey())
  const { status, algo, len, curve } = answer.key
  // What the service says of the key must be the key its certificate shows.
  const named = curveOids[algorithm]
  if (named !== undefined && curve !== undefined && curve !== named) throw unusable(`curve ${curve}`)
  if (named === undefined && len !== undefined && len !== Number(algorithm.slice(4))) throw unusable(`key length ${len}`)
  return {
    service,
    credentialId,
    description: answer.description ?? '',
    algorithm,
    offered: algo,
    publicKey: leaf.spki,
    certificates,
    subject: leaf.subject,
    enabled: status === 'enabled' && (answer.cert.status === undefined || answer.cert.status === 'valid'),
    authorisation: authorisationOf(answer),
    scal: answer.SCAL ?? '1',
    multisign: answer.multisign,
  }
}
