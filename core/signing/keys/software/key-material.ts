import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { Fault } from '../../../i18n/fault.js'
import { readCertificate } from '../../../validation/certificate/certificate.js'
import { DerElement } from '../../../validation/der-reader.js'
import { requireSafeKey } from './key-safety.js'
import type { KeyAlgorithm } from '../../key.js'

const generate = promisify(generateKeyPair)

/** A key in clear, as it was made or imported; wrapped before it is kept. */
export interface KeyMaterial {
  readonly algorithm: KeyAlgorithm
  readonly privateKey: KeyObject
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
  /** Certificates that came with the key, its own first. */
  readonly certificates: readonly Buffer[]
}

const curveNames = { 'ec-p256': 'P-256', 'ec-p384': 'P-384', 'ec-secp256k1': 'secp256k1' } as const

/** A new key pair: RSA with exponent 65537, or on the named curve. It has no certificate yet. */
export async function generateKeyMaterial(algorithm: KeyAlgorithm): Promise<KeyMaterial> {
  const pair =
    algorithm === 'ec-p256' || algorithm === 'ec-p384' || algorithm === 'ec-secp256k1'
      ? await generate('ec', { namedCurve: curveNames[algorithm] })
      : await generate('rsa', { modulusLength: Number(algorithm.slice(4)), publicExponent: 0x10001 })
  return { algorithm, privateKey: pair.privateKey, publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }), certificates: [] }
}

/** Which of the supported algorithms a key is of. @throws Fault SIGN-KEY-UNSUPPORTED */
export function algorithmOf(key: KeyObject): KeyAlgorithm {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'ec') {
    if (details?.namedCurve === 'prime256v1') return 'ec-p256'
    if (details?.namedCurve === 'secp384r1') return 'ec-p384'
    if (details?.namedCurve === 'secp256k1') return 'ec-secp256k1'
  }
  if (key.asymmetricKeyType === 'rsa') {
    if (details?.modulusLength === 2048) return 'rsa-2048'
    if (details?.modulusLength === 3072) return 'rsa-3072'
    if (details?.modulusLength === 4096) return 'rsa-4096'
  }
  const type = key.asymmetricKeyType ?? 'unknown'
  throw new Fault('SIGN-KEY-UNSUPPORTED', {
    params: { type: `${type} ${String(details?.namedCurve ?? details?.modulusLength ?? '')}`.trim() },
  })
}

/**
 * Reads a private key: PKCS#8 or SEC1/PKCS#1, PEM or DER, encrypted or not, or PKCS#12 with its certificates. Keys that are
 * broken or known to be weak are refused.
 * @throws Fault SIGN-IMPORT-UNREADABLE, SIGN-IMPORT-PASSWORD, SIGN-KEY-UNSUPPORTED and those of requireSafeKey
 */
export function readKeyMaterial(bytes: Uint8Array, password?: string): KeyMaterial {
  if (bytes.length > 1024 * 1024) throw new Fault('SIGN-IMPORT-UNREADABLE')
  const buffer = Buffer.from(bytes)
  try {
    return readAnyForm(buffer, password)
  } finally {
    buffer.fill(0)
  }
}

function readAnyForm(buffer: Buffer, password: string | undefined): KeyMaterial {
  const text = buffer.toString('latin1')
  if (text.includes('-----BEGIN')) {
    const key = tryPrivateKey({ key: text, format: 'pem', passphrase: password })
    if (key !== undefined) return material(key, certificatesOfPem(text))
    throw new Fault(text.includes('ENCRYPTED') ? 'SIGN-IMPORT-PASSWORD' : 'SIGN-IMPORT-UNREADABLE')
  }
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    const key = tryPrivateKey({ key: buffer, format: 'der', type, passphrase: password })
    if (key !== undefined) return material(key, [])
  }
  if (isEncryptedPkcs8(buffer)) throw new Fault('SIGN-IMPORT-PASSWORD')
  return readPkcs12(buffer, password ?? '')
}

/** EncryptedPrivateKeyInfo (RFC 5958): SEQUENCE { AlgorithmIdentifier, OCTET STRING }. */
function isEncryptedPkcs8(buffer: Buffer): boolean {
  try {
    const outer = DerElement.read(buffer, 0, { whole: true })
    return outer.is(0x30) && outer.children.length === 2 && outer.child(0).is(0x30) && outer.child(1).is(0x04)
  } catch {
    return false
  }
}

function tryPrivateKey(input: Parameters<typeof createPrivateKey>[0]): KeyObject | undefined {
  try {
    return createPrivateKey(input)
  } catch {
    return undefined
  }
}

function material(privateKey: KeyObject, certificates: readonly Buffer[]): KeyMaterial {
  const algorithm = algorithmOf(privateKey)
  requireSafeKey(privateKey)
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const own = certificates.filter((der) => readCertificate(der).spki.equals(publicKey))
  const rest = certificates.filter((der) => !own.includes(der))
  return { algorithm, privateKey, publicKey, certificates: own.length === 0 ? [] : [...own, ...rest] }
}

function certificatesOfPem(text: string): Buffer[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/g)].map((block) => Buffer.from(block[1] ?? '', 'base64'))
}

const oidKeyBag = '1.2.840.113549.1.12.10.1.1'
const oidShroudedKeyBag = '1.2.840.113549.1.12.10.1.2'
const oidCertificateBag = '1.2.840.113549.1.12.10.1.3'

/**
 * A password beyond ASCII is UTF-16 for the MAC and the old ciphers (RFC 7292 B.1), but UTF-8 for PBES2 (RFC 8018), and the library
 * takes it one way for all: once the MAC has held, the contents are opened the other way.
 */
function openContainer(buffer: Buffer, password: string): forge.pkcs12.Pkcs12Pfx {
  const read = (): forge.asn1.Asn1 => forge.asn1.fromDer(buffer.toString('latin1'))
  try {
    return forge.pkcs12.pkcs12FromAsn1(read(), false, password)
  } catch (error) {
    const isAscii = Buffer.byteLength(password, 'utf8') === password.length
    if (isAscii || !(error instanceof Error) || !/Failed to decrypt/.test(error.message)) throw error
    const withoutMac = read()
    if (Array.isArray(withoutMac.value)) withoutMac.value = withoutMac.value.slice(0, 2)
    return forge.pkcs12.pkcs12FromAsn1(withoutMac, false, forge.util.encodeUtf8(password))
  }
}

/** node-forge opens the container; the key inside is read again by node:crypto, since forge knows no elliptic curves. */
function readPkcs12(buffer: Buffer, password: string): KeyMaterial {
  let container: forge.pkcs12.Pkcs12Pfx
  try {
    container = openContainer(buffer, password)
  } catch (error) {
    const wrongPassword = error instanceof Error && /password|mac could not be verified/i.test(error.message)
    throw new Fault(wrongPassword ? 'SIGN-IMPORT-PASSWORD' : 'SIGN-IMPORT-UNREADABLE', { cause: error })
  }
  const keys: KeyObject[] = []
  const certificates: Buffer[] = []
  const der = (value: forge.asn1.Asn1): Buffer => Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1')
  for (const contents of container.safeContents) {
    for (const bag of contents.safeBags) {
      if (bag.type === oidCertificateBag) {
        certificates.push(der(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1))
      } else if (bag.type === oidKeyBag || bag.type === oidShroudedKeyBag) {
        const asn1 = bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1
        const key = tryPrivateKey({ key: der(asn1), format: 'der', type: 'pkcs8' })
        if (key !== undefined) keys.push(key)
      }
    }
  }
  const [key, second] = keys
  if (key === undefined) throw new Fault('SIGN-IMPORT-UNREADABLE')
  if (second !== undefined) throw new Fault('SIGN-IMPORT-SEVERAL-KEYS', { params: { count: keys.length } })
  return material(key, certificates)
}
