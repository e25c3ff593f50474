import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import type { CompanyContext } from '../../access/context.js'
import type { Host } from '../../host/module.js'
import { Fault } from '../../i18n/fault.js'
import { CscKeyProvider } from '../../signing/keys/csc/csc-provider.js'
import { keyAlgorithms, type Key, type KeyAlgorithm, type KeyPurpose } from '../../signing/key.js'
import { readCertificate, readCertificateFile } from '../../validation/certificate/certificate.js'
import { Pkcs11KeyProvider } from '../../signing/keys/pkcs11/pkcs11-provider.js'
import { configurationOf, print, printJson, progress, type GlobalOptions } from '../terminal.js'
import { withHost } from '../with-host.js'

interface KeysOptions extends GlobalOptions {
  readonly company: string
  readonly name: string
  readonly purpose: KeyPurpose[]
  readonly algorithm: KeyAlgorithm
  readonly passwordFile?: string
  readonly module?: string
  readonly csc?: string
  readonly credential?: string
  readonly tokenSerial?: string
  readonly tokenLabel?: string
  readonly keyLabel?: string
  readonly keyId?: string
  readonly subject: string[]
  readonly reason: string
}

const purposes: readonly KeyPurpose[] = [
  'seal-document',
  'sign-contract',
  'stamp-e-invoice',
  'authenticate',
  'issue-certificate',
  'time-stamp',
]

/** `khatm keys …`: keys and certificates of a company. Private keys are never shown or exported. */
export function register(program: Command): void {
  const keys = program.command('keys').description('keys and certificates of a company')
  const verb = (name: string, description: string): Command =>
    keys.command(name).description(description).requiredOption('--company <code>', 'company')
  const named = (command: Command): Command =>
    command
      .requiredOption('--name <name>', 'what people call the key')
      .addOption(new Option('--purpose <purpose...>', 'what it may be used for').choices(purposes).makeOptionMandatory())

  verb('list', 'all keys').action((_options: object, command: Command) =>
    run(command, async (host, context) => host.db.company(context.companyId, (transaction) => host.signing.keys(transaction))),
  )
  named(verb('generate', 'make a software key'))
    .addOption(new Option('--algorithm <algorithm>', 'kind of key').choices(keyAlgorithms).default('ec-p256'))
    .action((options: KeysOptions, command: Command) =>
      run(command, async (host, context) => {
        const { name, algorithm, purpose } = options
        return [
          await host.db.company(context.companyId, (transaction) =>
            host.signing.generateKey(transaction, context, { name, algorithm, purposes: purpose }),
          ),
        ]
      }),
    )
  named(verb('import <file>', 'take in a key file: PKCS#8, SEC1 or PKCS#12'))
    .option('--password-file <file>', 'file that holds the password')
    .action((file: string, options: KeysOptions, command: Command) =>
      run(command, async (host, context) => {
        const bytes = await read(file)
        // From a file, since arguments of a process can be seen by others.
        const password =
          options.passwordFile === undefined ? undefined : (await read(options.passwordFile)).toString('utf8').replace(/\r?\n$/, '')
        const key = { name: options.name, purposes: options.purpose, bytes, ...(password === undefined ? {} : { password }) }
        return [await host.db.company(context.companyId, (transaction) => host.signing.importKey(transaction, context, key))]
      }),
    )
  named(verb('adopt', 'register a key that lies on a token or HSM, or in a remote signing service'))
    .option('--module <name>', 'PKCS#11 module of the configuration')
    .option('--csc <service>', 'remote signing service of the configuration (signing.csc)')
    .option('--credential <id>', 'credential of that service')
    .option('--token-serial <serial>', 'serial number of the token')
    .option('--token-label <label>', 'label of the token')
    .option('--key-label <label>', 'CKA_LABEL of the key')
    .option('--key-id <hex>', 'CKA_ID of the key')
    .action((options: KeysOptions, command: Command) =>
      run(command, async (host, context) => {
        const { name, purpose, module, tokenSerial, tokenLabel, keyLabel, keyId, csc, credential } = options
        if (csc !== undefined && credential !== undefined && module === undefined) {
          const key = { ...(await remoteOf(host).findKey({ service: csc, credentialId: credential })), name, purposes: purpose }
          return [await host.db.company(context.companyId, (transaction) => host.signing.adoptKey(transaction, context, key))]
        }
        if (module === undefined || csc !== undefined || credential !== undefined) throw new Fault('CLI-KEY-SOURCE')
        const wanted = {
          name,
          purposes: purpose,
          module,
          ...(tokenSerial === undefined ? {} : { tokenSerial }),
          ...(tokenLabel === undefined ? {} : { tokenLabel }),
          ...(keyLabel === undefined ? {} : { keyLabel }),
          ...(keyId === undefined ? {} : { keyId }),
        }
        return [await host.db.company(context.companyId, (transaction) => host.signing.adoptTokenKey(transaction, context, wanted))]
      }),
    )
  verb('request <key>', 'certificate request (PKCS#10, PEM)')
    .requiredOption('--subject <type=value...>', 'CN=…, O=…, C=… in order')
    .action(async (key: string, options: KeysOptions, command: Command) => {
      const name = options.subject.map((part) => {
        const at = part.indexOf('=')
        return { type: part.slice(0, Math.max(0, at)), value: part.slice(at + 1) }
      })
      const pem = await inCompany(command, (host, context) =>
        host.db.company(context.companyId, (transaction) =>
          host.signing.certificateRequest(transaction, context, key, { name, extensions: [] }),
        ),
      )
      print(pem.trimEnd())
    })
  verb('install <key> <files...>', 'install the certificate and its issuers').action(
    (key: string, files: string[], _options: object, command: Command) =>
      run(command, async (host, context) => {
        const certificates: Buffer[] = []
        for (const file of files) certificates.push(...certificatesOf(await read(file)))
        return [
          await host.db.company(context.companyId, (transaction) =>
            host.signing.installCertificates(transaction, context, key, certificates),
          ),
        ]
      }),
  )
  named(verb('make-on-token', 'make a key on a token or HSM that never leaves it, and register it'))
    .requiredOption('--module <name>', 'PKCS#11 module of the configuration')
    .requiredOption('--token-serial <serial>', 'serial number of the token')
    .addOption(new Option('--algorithm <algorithm>', 'kind of key').choices(keyAlgorithms).default('ec-p256'))
    .action((options: KeysOptions, command: Command) =>
      run(command, async (host, context) => {
        const { name, purpose, module, tokenSerial, algorithm } = options
        const made = await tokensOf(host).generateKey({ module: module ?? '', tokenSerial: tokenSerial ?? '', algorithm, label: name })
        const key = { ...made, name, purposes: purpose, provider: 'pkcs11' } as const
        return [await host.db.company(context.companyId, (transaction) => host.signing.adoptKey(transaction, context, key))]
      }),
    )
  keys
    .command('credentials')
    .description('credentials that a remote signing service offers to this host')
    .requiredOption('--csc <service>', 'remote signing service of the configuration (signing.csc)')
    .action(async (options: { readonly csc: string }, command: Command) => {
      const provider = new CscKeyProvider(configurationOf(command).signing.csc)
      try {
        const found = await provider.credentials(options.csc)
        const rows = found.map(({ credentialId, description, algorithm, subject, enabled, authorisation, scal, multisign }) => ({
          credential: credentialId,
          description,
          algorithm,
          subject,
          enabled,
          authorisation: authorisation.mode,
          pin: authorisation.pin !== undefined,
          oneTimePassword: authorisation.oneTimePassword,
          scal,
          multisign,
        }))
        if (command.optsWithGlobals<GlobalOptions>().json === true) printJson(rows)
        else
          for (const row of rows)
            print(
              `${row.credential} ${row.enabled ? 'enabled' : 'disabled'} ${row.algorithm} SCAL${row.scal} ${row.authorisation}${row.pin ? ' PIN' : ''}${row.oneTimePassword ? ' OTP' : ''} x${row.multisign} ${row.subject}`,
            )
      } finally {
        await provider.close()
      }
    })
  keys
    .command('tokens')
    .description('tokens that are plugged in, with the state of their PINs; nothing logs in')
    .action(async (_options: object, command: Command) => {
      await withHost(command, async ({ host }) => {
        const provider = tokensOf(host)
        const all = await Promise.all(
          provider.moduleNames().map(async (module) => (await provider.tokens(module)).map((token) => ({ module, ...token }))),
        )
        if (command.optsWithGlobals<GlobalOptions>().json === true) printJson(all.flat())
        else
          for (const { module, serial, label, model, pinLocked, pinFinalTry, pinCountLow } of all.flat()) {
            const pin = pinLocked ? 'PIN locked' : pinFinalTry ? 'one PIN try left' : pinCountLow ? 'a wrong PIN was given' : 'PIN fine'
            print(`${module} ${serial} ${label} ${model} ${pin}`)
          }
      })
    })
  keys
    .command('rotate-master')
    .description('wrap all software keys and secrets of all companies with a new master key; run it again after an interruption')
    .requiredOption('--new-key-file <file>', 'file of mode 600 with 32 bytes in base64 (openssl rand -base64 32)')
    .action(async (options: { newKeyFile: string }, command: Command) => {
      await withHost(command, async ({ host }) => {
        const { rotateMasterKey } = await import('../../signing/keys/software/rotate-master-key.js')
        const { readMasterKeyFile } = await import('../../signing/keys/software/master-key.js')
        const companies = await host.access.companies()
        const contexts = new Map(
          await Promise.all(companies.map(async ({ id }) => [id, await host.access.systemContext(id, 'cli')] as const)),
        )
        const result = await rotateMasterKey({
          database: host.db,
          place: host.config,
          companies: companies.map(({ id }) => id),
          newKey: readMasterKeyFile(options.newKeyFile),
          now: () => host.now(),
          others: async (transaction, rewrap) => {
            const context = contexts.get(transaction.companyId)
            if (context === undefined) return 0
            const counts = await host.hooks.collect('secrets.rewrap', { rewrap }, { context, transaction })
            return counts.reduce((sum, count) => sum + count, 0)
          },
          onProgress: (company, rewrapped) => {
            progress(`${companies.find(({ id }) => id === company)?.code ?? company}: ${rewrapped}`)
          },
        })
        if (command.optsWithGlobals<GlobalOptions>().json === true) printJson(result)
        else {
          print(`master key ${result.id}: ${result.rewrapped} secrets wrapped anew`)
          if (result.retiredFile !== undefined) print(`the old key lies in ${result.retiredFile}; backups made before need it`)
          else print('set KHATM_MASTER_KEY to the new key; then master.key.next can be removed from the data folder')
        }
      })
    })
  verb('stop <key>', 'report a key lost or stolen: no use from this moment')
    .requiredOption('--reason <text>', 'why')
    .action((key: string, options: KeysOptions, command: Command) =>
      run(command, (host, context) =>
        host.db.company(context.companyId, async (transaction) => {
          await host.signing.stopKey(transaction, context, key, options.reason)
          return [await host.signing.key(transaction, key)]
        }),
      ),
    )
}

function tokensOf(host: Host): Pkcs11KeyProvider {
  const provider = host.signing.provider('pkcs11')
  if (!(provider instanceof Pkcs11KeyProvider)) throw new Fault('SIGN-PROVIDER-UNKNOWN', { params: { provider: 'pkcs11' } })
  return provider
}

function remoteOf(host: Host): CscKeyProvider {
  const provider = host.signing.provider('csc')
  if (provider instanceof CscKeyProvider) return provider
  throw new Fault('SIGN-PROVIDER-UNKNOWN', { params: { provider: 'csc' }, status: 503 })
}

function certificatesOf(bytes: Buffer): Buffer[] {
  try {
    return readCertificateFile(bytes).map((certificate) => certificate.der)
  } catch (error) {
    throw new Fault('SIGN-CERT-UNREADABLE', { cause: error })
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new Fault('VERIFY-FILE-MISSING', { params: { file }, cause: error })
  }
}

function inCompany<Result>(command: Command, work: (host: Host, context: CompanyContext) => Promise<Result>): Promise<Result> {
  return withHost(command, async ({ host }) => {
    const company = await host.access.companyByCode(command.optsWithGlobals<KeysOptions>().company)
    return work(host, await host.access.systemContext(company.id, 'cli'))
  })
}

async function run(command: Command, work: (host: Host, context: CompanyContext) => Promise<readonly Key[]>): Promise<void> {
  const described = (await inCompany(command, work)).map(describe)
  if (command.optsWithGlobals<GlobalOptions>().json === true) printJson(described)
  else
    for (const key of described)
      print(
        `${key.id} ${key.state} ${key.provider} ${key.algorithm} ${key.name} [${key.purposes.join(', ')}] ${key.certificate?.subject ?? '—'} ${key.certificate?.notAfter ?? ''}`,
      )
}

function describe(key: Key) {
  const [own] = key.certificates
  const certificate = own === undefined ? undefined : readCertificate(own)
  return {
    id: key.id,
    name: key.name,
    provider: key.provider,
    algorithm: key.algorithm,
    purposes: key.purposes,
    state: key.state,
    attributes: key.attributes,
    certificate:
      certificate === undefined
        ? null
        : {
            subject: certificate.subject,
            issuer: certificate.issuer,
            serial: certificate.serialDecimal,
            notAfter: certificate.notAfter.toISOString(),
          },
  }
}
