import { createPublicKey } from 'node:crypto'
import type { Handle, PKCS11 } from 'pkcs11js'
import { readCertificate, type Certificate } from '../../../validation/certificate/certificate.js'
import { algorithmIdentifier, bitString, integer, nullValue, objectIdentifier, sequence } from '../../der.js'
import type { KeyAlgorithm } from '../../key.js'
import { algorithmOf } from '../software/key-material.js'
import { certificateInUse } from './certificate-in-use.js'
import type { ListedKey } from './messages.js'

type Pkcs11js = typeof import('pkcs11js')
type Read = (object: Handle, type: number) => Buffer | undefined

/**
 * Keys of a token as its public objects tell (certificates and public keys paired by CKA_ID; PKCS#11 3.1 section 4.6):
 * what a person chooses from before the PIN is given. Certificates of issuers on the token are no keys of it.
 */
export function publicKeysOf(pkcs11js: Pkcs11js, library: PKCS11, session: Handle): ListedKey[] {
  const p = pkcs11js
  const read: Read = (object, type) => {
    try {
      const value = library.C_GetAttributeValue(session, object, [{ type }])[0]?.value
      return Buffer.isBuffer(value) ? value : undefined
    } catch {
      // An attribute that this object does not have.
      return undefined
    }
  }
  const certificates = find(library, session, p.CKA_CLASS, p.CKO_CERTIFICATE).flatMap((object) => {
    const der = read(object, p.CKA_VALUE)
    try {
      return der === undefined
        ? []
        : [{ id: hex(read(object, p.CKA_ID)), label: text(read(object, p.CKA_LABEL)), certificate: readCertificate(der) }]
    } catch {
      return []
    }
  })
  const publicKeys = find(library, session, p.CKA_CLASS, p.CKO_PUBLIC_KEY).flatMap((object) => {
    const spki = rsaKey(p, object, read) ?? ecKey(p, object, read)
    return spki === undefined ? [] : [{ id: hex(read(object, p.CKA_ID)), label: text(read(object, p.CKA_LABEL)), spki }]
  })
  const all = certificates.map(({ certificate }) => certificate)
  const listed = new Map<string, ListedKey>()
  for (const { id, label, certificate } of certificates) {
    if (isAuthority(certificate) || id === '') continue
    add(listed, id, label, certificate.spki, chainOf(certificate, all))
  }
  for (const { id, label, spki } of publicKeys) if (id !== '') add(listed, id, label, spki, [])
  return [...listed.values()]
}

/** A certificate comes before the bare key it carries; of several that a renewal left there, the one in use. */
function add(listed: Map<string, ListedKey>, keyId: string, label: string, spki: Buffer, chain: readonly Certificate[]): void {
  const algorithm = algorithmOrNone(spki)
  if (algorithm === undefined) return
  const name = `${keyId}|${spki.toString('base64')}`
  const known = listed.get(name)
  const [own] = chain
  if (known !== undefined) {
    const [shown] = known.certificates
    if (own === undefined) return
    if (shown !== undefined && certificateInUse([readCertificate(shown), own], new Date()) !== own) return
  }
  listed.set(name, { keyId, label, algorithm, publicKey: spki, certificates: chain.map(({ der }) => der) })
}

function find(library: PKCS11, session: Handle, type: number, value: number): Handle[] {
  library.C_FindObjectsInit(session, [{ type, value }])
  try {
    return library.C_FindObjects(session, 64)
  } finally {
    library.C_FindObjectsFinal(session)
  }
}

function chainOf(own: Certificate, all: readonly Certificate[]): Certificate[] {
  const chain = [own]
  for (let last = own; last.issuerKey !== last.subjectKey && chain.length < 8;) {
    const issuer = all.find((one) => one.subjectKey === last.issuerKey && !chain.includes(one))
    if (issuer === undefined) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

/** basicConstraints with cA TRUE (RFC 5280 4.2.1.9): SEQUENCE { BOOLEAN TRUE … }. */
function isAuthority(certificate: Certificate): boolean {
  const value = certificate.extensions.get('2.5.29.19')?.value
  return value?.[2] === 0x01 && value[4] !== undefined && value[4] !== 0
}

function rsaKey(p: Pkcs11js, object: Handle, read: Read): Buffer | undefined {
  const modulus = read(object, p.CKA_MODULUS)
  const exponent = read(object, p.CKA_PUBLIC_EXPONENT)
  if (modulus === undefined || exponent === undefined || modulus.length === 0) return undefined
  return sequence(algorithmIdentifier('1.2.840.113549.1.1.1', nullValue), bitString(sequence(integer(modulus), integer(exponent))))
}

function ecKey(p: Pkcs11js, object: Handle, read: Read): Buffer | undefined {
  const parameters = read(object, p.CKA_EC_PARAMS)
  const point = read(object, p.CKA_EC_POINT)
  if (parameters === undefined || point === undefined) return undefined
  // CKA_EC_POINT is the point inside an OCTET STRING; some libraries leave that wrapper out.
  const bare = point.length === 65 || point.length === 97
  return sequence(sequence(objectIdentifier('1.2.840.10045.2.1'), parameters), bitString(bare ? point : point.subarray(2)))
}

function algorithmOrNone(spki: Buffer): KeyAlgorithm | undefined {
  try {
    return algorithmOf(createPublicKey({ key: spki, format: 'der', type: 'spki' }))
  } catch {
    // A key of a kind the product does not sign with.
    return undefined
  }
}

function hex(value: Buffer | undefined): string {
  return value?.toString('hex') ?? ''
}

function text(value: Buffer | undefined): string {
  return value?.toString('utf8') ?? ''
}
