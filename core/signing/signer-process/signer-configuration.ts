import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { Fault } from '../../i18n/fault.js'

const name = z.string().regex(/^[\w.-]{1,64}$/, 'letters, digits, dot, underscore and hyphen, at most 64')
const perMinute = z.number().int().min(1).max(10_000_000)

const keySource = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('pkcs11'),
    /** Name of a module above. */
    module: z.string(),
    tokenSerial: z.string().optional(),
    tokenLabel: z.string().optional(),
    keyLabel: z.string().optional(),
    /** CKA_ID, hexadecimal. */
    keyId: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('file'),
    /** PKCS#12, PKCS#8 or SEC1, DER or PEM. */
    file: z.string(),
    passwordFile: z.string().optional(),
  }),
])

/** `signer.json`. Files are named relative to it. */
const signerConfigurationSchema = z.strictObject({
  listen: z.string().default('127.0.0.1'),
  /** 0 takes a free port. */
  port: z.number().int().min(0).max(65535).default(8443),
  name: z.string().default('Khatm signer'),
  region: z.string().length(2).default('SA'),
  /** Use log, list of stopped credentials, lock. */
  stateFolder: z.string().default('signer-state'),
  tls: z
    .strictObject({
      certificateFile: z.string(),
      keyFile: z.string(),
      /** Authority of the clients' certificates, PEM. Nobody else gets past the handshake. */
      clientAuthorityFile: z.string(),
      /** That authority's list of revoked certificates, PEM; read again at a reload. One that has ended lets nobody in. */
      clientRevocationFile: z.string().optional(),
    })
    .optional(),
  /** Without TLS, on a loopback address alone: every program of this machine is then this client. */
  plainHttp: z.strictObject({ client: name }).optional(),
  pkcs11: z
    .array(
      z.strictObject({
        name: z.string(),
        library: z.string(),
        pinFile: z.string().nullable().default(null),
        pinEnvironment: z.string().nullable().default(null),
      }),
    )
    .default([]),
  clients: z
    .array(
      z.strictObject({
        name,
        /** SHA-256 of the client certificate, hexadecimal, colons allowed. */
        fingerprint: z.string().optional(),
        /** Subject of the client certificate as `khatm signer` prints it: `CN=host-a, O=…`. */
        subject: z.string().optional(),
        /** Signatures a minute. */
        maxPerMinute: perMinute.default(60_000),
      }),
    )
    .min(1),
  credentials: z
    .array(
      z.strictObject({
        id: name,
        description: z.string().default(''),
        key: keySource,
        /** Certificate of the key and its issuers, PEM or DER. A PKCS#12 file may bring its own. */
        chainFile: z.string().optional(),
        /** Names of the clients that may use it. */
        clients: z.array(name).min(1),
        /** Purposes a client must name one of; without them any is good. */
        purposes: z.array(z.string()).optional(),
        /** Signatures a minute, all clients together. */
        maxPerMinute: perMinute.default(60_000),
        /** PIN that a client must send with each authorisation. */
        pinFile: z.string().optional(),
        /** Digests one authorisation may cover. */
        multisign: z.number().int().min(1).max(1000).default(100),
      }),
    )
    .min(1),
  limits: z
    .strictObject({
      bodyBytes: z.number().int().min(1024).max(16_777_216).default(262_144),
      hashes: z.number().int().min(1).max(1000).default(100),
      sadSeconds: z.number().int().min(1).max(3600).default(60),
    })
    .prefault({}),
})

/** The file that a signer's process is started with. */
export type SignerConfiguration = z.infer<typeof signerConfigurationSchema>
/** A credential it serves. */
export type SignerCredentialConfiguration = SignerConfiguration['credentials'][number]

/**
 * Reads and checks `signer.json`; paths in it become absolute.
 * @throws Fault SIGNER-FILE-MISSING, SIGNER-CONFIG-INVALID, SIGNER-PLAIN-REFUSED
 */
export function loadSignerConfiguration(file: string): SignerConfiguration {
  let value: unknown
  try {
    value = JSON.parse(readSignerFile(file).toString('utf8'))
  } catch (error) {
    if (error instanceof Fault) throw error
    throw invalid(file, '', error instanceof Error ? error.message : '')
  }
  const read = signerConfigurationSchema.safeParse(value)
  if (!read.success) {
    const [issue] = read.error.issues
    throw invalid(file, issue?.path.join('.') ?? '', issue?.message ?? '')
  }
  const configuration = absolute(read.data, dirname(resolve(file)))
  check(file, configuration)
  return configuration
}

function check(file: string, configuration: SignerConfiguration): void {
  const { tls, plainHttp, listen, clients, credentials } = configuration
  if ((tls === undefined) === (plainHttp === undefined)) throw invalid(file, 'tls', 'either tls or plainHttp')
  // Whoever can reach a port without TLS may sign: only this machine's own programs, and only when somebody wrote it down.
  if (plainHttp !== undefined && listen !== '127.0.0.1' && listen !== '::1') throw new Fault('SIGNER-PLAIN-REFUSED', { params: { listen } })
  const known = new Set(clients.map((client) => client.name))
  if (known.size !== clients.length) throw invalid(file, 'clients', 'two of the same name')
  if (new Set(credentials.map((one) => one.id)).size !== credentials.length) throw invalid(file, 'credentials', 'two of the same id')
  if (plainHttp !== undefined && !known.has(plainHttp.client)) throw invalid(file, 'plainHttp.client', plainHttp.client)
  for (const [index, client] of clients.entries()) {
    if (plainHttp?.client !== client.name && (client.fingerprint === undefined) === (client.subject === undefined))
      throw invalid(file, `clients.${index}`, 'either fingerprint or subject')
    if (client.fingerprint !== undefined && !/^[0-9a-f]{64}$/.test(fingerprintOf(client.fingerprint)))
      throw invalid(file, `clients.${index}.fingerprint`, 'SHA-256, hexadecimal')
  }
  for (const [index, credential] of credentials.entries()) {
    const stranger = credential.clients.find((client) => !known.has(client))
    if (stranger !== undefined) throw invalid(file, `credentials.${index}.clients`, stranger)
    const { key } = credential
    if (key.kind === 'pkcs11' && !configuration.pkcs11.some((one) => one.name === key.module))
      throw invalid(file, `credentials.${index}.key.module`, key.module)
    if (key.kind === 'pkcs11' && credential.chainFile === undefined)
      throw invalid(file, `credentials.${index}.chainFile`, 'needed for a key on a token')
  }
}

/** A fingerprint in the form it is compared in: lower-case hex without colons. */
export function fingerprintOf(text: string): string {
  return text.replaceAll(':', '').toLowerCase()
}

function absolute(configuration: SignerConfiguration, folder: string): SignerConfiguration {
  const at = (path: string): string => resolve(folder, path)
  const { tls } = configuration
  return {
    ...configuration,
    stateFolder: at(configuration.stateFolder),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            certificateFile: at(tls.certificateFile),
            keyFile: at(tls.keyFile),
            clientAuthorityFile: at(tls.clientAuthorityFile),
            ...(tls.clientRevocationFile === undefined ? {} : { clientRevocationFile: at(tls.clientRevocationFile) }),
          },
        }),
    pkcs11: configuration.pkcs11.map((one) => ({ ...one, pinFile: one.pinFile === null ? null : at(one.pinFile) })),
    credentials: configuration.credentials.map((one) => ({
      ...one,
      ...(one.chainFile === undefined ? {} : { chainFile: at(one.chainFile) }),
      ...(one.pinFile === undefined ? {} : { pinFile: at(one.pinFile) }),
      key:
        one.key.kind === 'pkcs11'
          ? one.key
          : {
              ...one.key,
              file: at(one.key.file),
              ...(one.key.passwordFile === undefined ? {} : { passwordFile: at(one.key.passwordFile) }),
            },
    })),
  }
}

/** @throws Fault SIGNER-FILE-MISSING */
export function readSignerFile(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Fault('SIGNER-FILE-MISSING', { params: { file }, cause })
  }
}

/** A file only its owner may read, without its last line end. @throws Fault SIGNER-FILE-MISSING, SIGNER-FILE-EXPOSED */
export function readSecretFile(file: string): string {
  const bytes = readSignerFile(file)
  if ((statSync(file).mode & 0o077) !== 0) throw new Fault('SIGNER-FILE-EXPOSED', { params: { file } })
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  bytes.fill(0)
  return text
}

function invalid(file: string, path: string, reason: string): Fault {
  return new Fault('SIGNER-CONFIG-INVALID', { path, params: { file, path, reason } })
}
