import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  Certificate,
  id_kp_clientAuth,
  id_kp_emailProtection,
  id_kp_OCSPSigning,
  id_kp_timeStamping,
  KeyUsageFlags,
} from '@peculiar/asn1-x509'
import type { Extension, Name } from '@peculiar/asn1-x509'
import { hasKind, Journal } from '../state/journal.js'
import { buildCertificate, generateAuthorityKey, loadAuthorityKey, pemOf, rawExtension } from './certificate.js'
import type { AuthorityCurve, AuthorityKey, CertificateShape, IssuerAddresses } from './certificate.js'
import { buildName } from './names.js'

/**
 * Purposes a sandbox certificate is issued for. `seal`: a company's seal · `person`: a signer · `tsa`: a time-stamp authority ·
 * `e-invoice`: a Saudi unit · `egypt-invoice`: a taxpayer of Egypt · `ocsp`: a delegated responder. Authority `stranger` stands outside the trust anchors (fault tests).
 */
export type CertificateProfile = 'seal' | 'person' | 'tsa' | 'e-invoice' | 'egypt-invoice' | 'ocsp'
export type AuthorityName = 'root' | 'issuing' | 'saudi' | 'egypt' | 'stranger'
export type RevocationReason = 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation'

interface IssuedLine {
  readonly kind: 'issued'
  readonly authority: AuthorityName
  readonly serial: string
  readonly profile: CertificateProfile | 'authority'
  readonly der: string
}
interface RevokedLine {
  readonly kind: 'revoked'
  readonly serial: string
  readonly at: string
  readonly reason: RevocationReason
}
type RegisterLine = IssuedLine | RevokedLine

export interface Issued {
  readonly authority: AuthorityName
  readonly profile: CertificateProfile | 'authority'
  readonly der: Buffer
}
export interface Revocation {
  readonly at: Date
  readonly reason: RevocationReason
}

interface Authority {
  readonly key: AuthorityKey
  readonly der: Buffer
  readonly name: Name
}

const profiles: Readonly<Record<CertificateProfile, Pick<CertificateShape, 'keyUsage' | 'extendedKeyUsage' | 'policies'>>> = {
  // ETSI EN 319 412-2/-3: a key that signs documents bears nonRepudiation; digitalSignature beside it for tools that ask for it
  seal: { keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation, policies: ['2.16.724.999.1.1'] },
  person: {
    keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation,
    extendedKeyUsage: { oids: [id_kp_emailProtection, id_kp_clientAuth], critical: false },
    policies: ['2.16.724.999.1.2'],
  },
  // RFC 3161 2.3: exactly one purpose, critical
  tsa: { keyUsage: KeyUsageFlags.digitalSignature, extendedKeyUsage: { oids: [id_kp_timeStamping], critical: true } },
  'e-invoice': {
    keyUsage: KeyUsageFlags.digitalSignature,
    extendedKeyUsage: { oids: ['1.3.6.1.5.5.7.3.3', id_kp_clientAuth], critical: false },
  },
  // As leaves of the licensed authorities of Egypt: both usages, no policies, no extended usage.
  'egypt-invoice': { keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation },
  ocsp: { keyUsage: KeyUsageFlags.digitalSignature, extendedKeyUsage: { oids: [id_kp_OCSPSigning], critical: false } },
}

const year = 365 * 86_400_000

/** The certification authorities of the sandbox with their register of issued and revoked certificates. */
export class CertificateAuthorities {
  private readonly authorities = new Map<AuthorityName, Authority>()
  private readonly issuedBySerial = new Map<string, Issued>()
  private readonly revokedBySerial = new Map<string, Revocation>()
  private readonly register: Journal<RegisterLine>

  /** @param url base address of the sandbox, written into the certificates */
  constructor(
    private readonly folder: string,
    private readonly url: string,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.register = Journal.open<RegisterLine>(join(folder, 'register.ndjson'), hasKind<RegisterLine>('issued', 'revoked'))
    for (const line of this.register.found) this.remember(line)
    const root = this.loadOrMake('root', 'prime256v1', buildName({ C: 'SA', O: 'Khatm Sandbox', CN: 'Khatm Sandbox Root CA' }), null, 1)
    this.loadOrMake('issuing', 'prime256v1', buildName({ C: 'SA', O: 'Khatm Sandbox', CN: 'Khatm Sandbox Issuing CA' }), root, 0)
    const saudi = [
      { type: 'DC', value: 'local' },
      { type: 'DC', value: 'gov' },
      { type: 'DC', value: 'extgazt' },
      { type: 'CN', value: 'KHATM-SandboxCA' },
    ]
    this.loadOrMake('saudi', 'prime256v1', buildName(saudi), root, 0)
    this.loadOrMake('egypt', 'prime256v1', buildName({ C: 'EG', O: 'Khatm Sandbox', CN: 'Khatm Sandbox Egypt CA' }), root, 0)
    this.loadOrMake('stranger', 'prime256v1', buildName({ C: 'SA', O: 'Nobody', CN: 'Stranger CA' }), null, 0)
  }

  /** DER certificate of an authority. */
  certificate(authority: AuthorityName): Buffer {
    return this.authority(authority).der
  }

  name(authority: AuthorityName): Name {
    return this.authority(authority).name
  }

  key(authority: AuthorityName): AuthorityKey {
    return this.authority(authority).key
  }

  /** The trust anchor alone (the root), PEM. */
  trustAnchorsPem(): string {
    return pemOf(this.certificate('root'))
  }

  /** From the authority's own certificate up to the root. */
  issuersOf(authority: AuthorityName): Buffer[] {
    if (authority === 'root' || authority === 'stranger') return [this.certificate(authority)]
    return [this.certificate(authority), this.certificate('root')]
  }

  /** @returns the leaf, then its issuers up to the root, DER */
  issue(request: {
    readonly authority: AuthorityName
    readonly profile: CertificateProfile
    readonly subject: Name
    readonly spki: Uint8Array
    readonly days: number
    readonly notBefore?: Date
    readonly further?: readonly Extension[]
  }): Buffer[] {
    // A minute back: the verifier's clock may lag behind ours.
    const notBefore = request.notBefore ?? new Date(Date.now() - 60_000)
    const notAfter = new Date(notBefore.getTime() + request.days * 86_400_000)
    const shape: CertificateShape = {
      ...profiles[request.profile],
      subject: request.subject,
      spki: request.spki,
      notBefore,
      notAfter,
      further: request.further,
    }
    const addresses =
      request.profile === 'ocsp'
        ? { issuerCertificate: this.addresses(request.authority).issuerCertificate }
        : this.addresses(request.authority)
    const issuer = this.authority(request.authority)
    const { der, serial } = buildCertificate(issuer, shape, addresses)
    this.record({
      kind: 'issued',
      authority: request.authority,
      serial: serial.toString('hex'),
      profile: request.profile,
      der: der.toString('base64'),
    })
    return [der, ...this.issuersOf(request.authority)]
  }

  /** Revokes by serial number (hex). Revoking twice keeps the first date. @returns false when nothing like it was issued here */
  revoke(serial: string, reason: RevocationReason = 'unspecified', at = new Date()): boolean {
    const key = serial.toLowerCase()
    if (!this.issuedBySerial.has(key)) return false
    if (!this.revokedBySerial.has(key)) this.record({ kind: 'revoked', serial: key, at: at.toISOString(), reason })
    return true
  }

  issued(serial: string): Issued | undefined {
    return this.issuedBySerial.get(serial.toLowerCase())
  }

  revocation(serial: string): Revocation | undefined {
    return this.revokedBySerial.get(serial.toLowerCase())
  }

  /** Revoked certificates of one authority, by serial number. */
  revocations(authority: AuthorityName): [string, Revocation][] {
    return [...this.revokedBySerial].filter(([serial]) => this.issuedBySerial.get(serial)?.authority === authority)
  }

  count(): { issued: number; revoked: number } {
    return { issued: this.issuedBySerial.size, revoked: this.revokedBySerial.size }
  }

  /** A key and certificate the sandbox uses itself (responder, time stamps, clearance stamp): made once, kept in the folder. */
  service(
    name: string,
    request: {
      authority: AuthorityName
      profile: CertificateProfile
      subject: Name
      curve: AuthorityCurve
      further?: readonly Extension[]
    },
  ): { readonly key: AuthorityKey; readonly chain: readonly Buffer[] } {
    const path = join(this.folder, `${name}.json`)
    const kept = readKept(path)
    if (kept !== null)
      return { key: loadAuthorityKey(kept.key), chain: [Buffer.from(kept.certificate, 'base64'), ...this.issuersOf(request.authority)] }
    const key = generateAuthorityKey(request.curve)
    const chain = this.issue({ ...request, spki: key.spki, days: 3650 })
    writeKept(path, key, chain[0] ?? Buffer.alloc(0))
    return { key, chain }
  }

  close(): void {
    this.register.close()
  }

  addresses(authority: AuthorityName): IssuerAddresses {
    return {
      ocsp: `${this.url}/ocsp`,
      issuerCertificate: `${this.url}/ca/${authority}.cer`,
      crl: `${this.url}/ca/${authority}.crl`,
    }
  }

  private loadOrMake(name: AuthorityName, curve: AuthorityCurve, subject: Name, parent: Authority | null, pathLength: number): Authority {
    const path = join(this.folder, `${name}.json`)
    const kept = readKept(path)
    let authority: Authority
    if (kept === null) {
      const key = generateAuthorityKey(curve)
      const now = Date.now()
      const shape: CertificateShape = {
        subject,
        spki: key.spki,
        notBefore: new Date(now - 86_400_000),
        notAfter: new Date(now + 20 * year),
        keyUsage: KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
        authority: { pathLength },
      }
      const { der, serial } = buildCertificate(parent ?? { name: subject, key }, shape, parent === null ? {} : this.addresses('root'))
      writeKept(path, key, der)
      if (parent !== null)
        this.record({
          kind: 'issued',
          authority: 'root',
          serial: serial.toString('hex'),
          profile: 'authority',
          der: der.toString('base64'),
        })
      authority = { key, der, name: subject }
    } else {
      const der = Buffer.from(kept.certificate, 'base64')
      authority = { key: loadAuthorityKey(kept.key), der, name: AsnConvert.parse(der, Certificate).tbsCertificate.subject }
    }
    this.authorities.set(name, authority)
    return authority
  }

  private authority(name: AuthorityName): Authority {
    const authority = this.authorities.get(name)
    if (authority === undefined) throw new Error(`authority ${name} was not made`)
    return authority
  }

  private record(line: RegisterLine): void {
    this.register.append(line)
    this.remember(line)
  }

  private remember(line: RegisterLine): void {
    if (line.kind === 'revoked') this.revokedBySerial.set(line.serial, { at: new Date(line.at), reason: line.reason })
    else this.issuedBySerial.set(line.serial, { authority: line.authority, profile: line.profile, der: Buffer.from(line.der, 'base64') })
  }
}

interface Kept {
  readonly key: string
  readonly certificate: string
}

function readKept(path: string): Kept | null {
  if (!existsSync(path)) return null
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (typeof value !== 'object' || value === null || !('key' in value) || !('certificate' in value)) throw new Error(`${path} is damaged`)
  if (typeof value.key !== 'string' || typeof value.certificate !== 'string') throw new Error(`${path} is damaged`)
  return { key: value.key, certificate: value.certificate }
}

function writeKept(path: string, key: AuthorityKey, certificate: Buffer): void {
  const kept: Kept = {
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: certificate.toString('base64'),
  }
  // Written beside and renamed: a kill leaves the whole file or none.
  writeFileSync(`${path}.new`, JSON.stringify(kept), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Serial number of a DER certificate, lower-case hex as the register writes it. */
export function serialOf(der: Uint8Array): string {
  return Buffer.from(AsnConvert.parse(der, Certificate).tbsCertificate.serialNumber).toString('hex')
}

export function fingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex')
}

/** id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1): NULL. */
export function ocspNoCheck(): Extension {
  return rawExtension('1.3.6.1.5.5.7.48.1.5', Buffer.from([0x05, 0x00]))
}
