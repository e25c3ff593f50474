import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { element, objectIdentifier, octetString, sequence } from '../../der.js'
import type { KeyAlgorithm } from '../../key.js'
import type { CscService } from '../../keys/csc/connection.js'
import { issueCertificate, type TestCertificate } from '../../test/test-authority.js'
import type { SignerConfiguration } from '../signer-configuration.js'

/** subjectAltName with the address 127.0.0.1: what TLS clients compare with the address they called. */
const loopbackName = sequence(objectIdentifier('2.5.29.17'), octetString(sequence(element(0x87, Buffer.from([127, 0, 0, 1])))))

type Credential = Partial<SignerConfiguration['credentials'][number]> & Pick<SignerConfiguration['credentials'][number], 'id' | 'key'>

/** A folder with authority, server and client certificates, keys and `signer.json`, as an operator would make it. */
export class SignerHouse {
  readonly folder = mkdtempSync(join(tmpdir(), 'khatm-signer-'))
  readonly configurationFile = join(this.folder, 'signer.json')
  readonly stateFolder = join(this.folder, 'state')
  readonly authority = issueCertificate({ commonName: 'Signer authority', ca: true })
  readonly clients: string[] = []
  private readonly credentials: Credential[] = []
  /** Members of signer.json beside the usual ones. */
  more: Record<string, unknown> = {}
  private readonly clientLimits = new Map<string, number>()

  constructor() {
    this.write('authority.pem', this.authority.pem)
    const server = issueCertificate({ commonName: 'signer', issuer: this.authority, extra: [loopbackName] })
    this.writePair('server', server)
  }

  /** A client with a certificate of the authority; known to the signer unless told. */
  addClient(
    name: string,
    options: { readonly known?: boolean; readonly issuer?: TestCertificate; readonly maxPerMinute?: number } = {},
  ): void {
    this.writePair(name, issueCertificate({ commonName: name, issuer: options.issuer ?? this.authority }))
    if (options.known !== false) this.clients.push(name)
    if (options.maxPerMinute !== undefined) this.clientLimits.set(name, options.maxPerMinute)
  }

  /** A credential whose key lies in a PKCS#8 file. @returns its certificate */
  addKeyFile(id: string, algorithm: KeyAlgorithm, more: Partial<Credential> = {}): TestCertificate {
    const certificate = issueCertificate({ commonName: id, algorithm, issuer: this.authority })
    this.writePair(id, certificate)
    this.credentials.push({ id, key: { kind: 'file', file: `${id}.key` }, chainFile: `${id}.pem`, ...more })
    return certificate
  }

  addCredential(credential: Credential): void {
    this.credentials.push(credential)
  }

  removeClient(name: string): void {
    this.clients.splice(this.clients.indexOf(name), 1)
  }

  /** Writes signer.json. */
  configure(): string {
    const configuration = {
      port: 0,
      stateFolder: 'state',
      tls: { certificateFile: 'server.pem', keyFile: 'server.key', clientAuthorityFile: 'authority.pem' },
      clients: this.clients.map((name) => ({
        name,
        subject: `CN=${name}, O=Khatm tests, C=SA`,
        maxPerMinute: this.clientLimits.get(name) ?? 10_000_000,
      })),
      credentials: this.credentials.map((one) => ({ clients: this.clients, maxPerMinute: 10_000_000, ...one })),
      ...this.more,
    }
    this.write('signer.json', JSON.stringify(configuration))
    return this.configurationFile
  }

  /** What a host writes into `signing.csc` for this signer. */
  service(url: string, client: string, version: '1' | '2' = '2', pinFile: string | null = null): CscService {
    return {
      name: 'signer',
      url: `${url}/v${version}`,
      version,
      clientId: null,
      clientSecretFile: null,
      authorityFile: join(this.folder, 'authority.pem'),
      certificateFile: join(this.folder, `${client}.pem`),
      keyFile: join(this.folder, `${client}.key`),
      pinFile,
    }
  }

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.folder, name)
    writeFileSync(file, content, { mode: 0o600 })
    return file
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  private writePair(name: string, certificate: TestCertificate): void {
    this.write(`${name}.pem`, certificate.pem)
    this.write(`${name}.key`, certificate.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  }
}

export const silent = { info: () => undefined, warn: () => undefined }
