import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import type { CompanyContext } from '../../access/context.js'
import type { Host } from '../../host/module.js'
import { Fault } from '../../i18n/fault.js'
import { CscKeyProvider } from '../../signing/keys/csc/csc-provider.js'
import { keyAlgorithms, type Key, type KeyAlgorithm, type KeyPurpose } from '../../signing/key.js'
import { readCertificate, readCertificateFile } from '../../validation/certificate/certificate.js'
import { Pkcs11KeyProvider } from '../../signing/keys/pkcs11/pkcs11-provider.js'
import { addRotateMaster } from '../rotate-master.js'
import { configurationOf, print, printJson, type GlobalOptions } from '../terminal.js'
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

/** Adds a verb that works for one company. */
type AddVerb = (name: string, description: string) => Command

/** `khatm keys …`: keys and certificates of a company. Private keys are never shown or exported. */
export function register(program: Command): void {
  const keys = program.command('keys').description('cli.help.keys')
  const verb: AddVerb = (name, description) =>
    keys.command(name).description(description).requiredOption('--company <code>', 'cli.help.option.company')
  addNewKeys(verb)
  addAdopt(verb)
  addCertificates(verb)
  addMakeOnToken(verb)
  addCredentials(keys)
  addTokens(keys)
  addRotateMaster(keys)
  addUse(verb)
}

/** A key that is new to the company has a name and its purposes. */
function named(command: Command): Command {
  return command
    .requiredOption('--name <name>', 'cli.help.keys.name')
    .addOption(new Option('--purpose <purpose...>', 'cli.help.keys.purpose').choices(purposes).makeOptionMandatory())
}

/** Keys of this host: made here, or brought in a file. */
function addNewKeys(verb: AddVerb): void {
  named(verb('generate', 'cli.help.keys.generate'))
    .addOption(new Option('--algorithm <algorithm>', 'cli.help.keys.algorithm').choices(keyAlgorithms).default('ec-p256'))
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
  named(verb('import <file>', 'cli.help.keys.import'))
    .option('--password-file <file>', 'cli.help.keys.import.password-file')
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
}

/** Keys that live elsewhere: in a token, or with a signing service. */
function addAdopt(verb: AddVerb): void {
  named(verb('adopt', 'cli.help.keys.adopt'))
    .option('--module <name>', 'cli.help.keys.module')
    .option('--csc <service>', 'cli.help.keys.csc')
    .option('--credential <id>', 'cli.help.keys.credential')
    .option('--token-serial <serial>', 'cli.help.keys.token-serial')
    .option('--token-label <label>', 'cli.help.keys.token-label')
    .option('--key-label <label>', 'cli.help.keys.key-label')
    .option('--key-id <hex>', 'cli.help.keys.key-id')
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
}

/** A certificate is asked for, and installed when it came. */
function addCertificates(verb: AddVerb): void {
  verb('request <key>', 'cli.help.keys.request')
    .requiredOption('--subject <type=value...>', 'cli.help.keys.request.subject')
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
  verb('install <key> <files...>', 'cli.help.keys.install').action((key: string, files: string[], _options: object, command: Command) =>
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
}

function addMakeOnToken(verb: AddVerb): void {
  named(verb('make-on-token', 'cli.help.keys.make-on-token'))
    .requiredOption('--module <name>', 'cli.help.keys.module')
    .requiredOption('--token-serial <serial>', 'cli.help.keys.token-serial')
    .addOption(new Option('--algorithm <algorithm>', 'cli.help.keys.algorithm').choices(keyAlgorithms).default('ec-p256'))
    .action((options: KeysOptions, command: Command) =>
      run(command, async (host, context) => {
        const { name, purpose, module, tokenSerial, algorithm } = options
        const made = await tokensOf(host).generateKey({ module: module ?? '', tokenSerial: tokenSerial ?? '', algorithm, label: name })
        const key = { ...made, name, purposes: purpose, provider: 'pkcs11' } as const
        return [await host.db.company(context.companyId, (transaction) => host.signing.adoptKey(transaction, context, key))]
      }),
    )
}

function addCredentials(keys: Command): void {
  keys
    .command('credentials')
    .description('cli.help.keys.credentials')
    .requiredOption('--csc <service>', 'cli.help.keys.csc')
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
}

function addTokens(keys: Command): void {
  keys
    .command('tokens')
    .description('cli.help.keys.tokens')
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
}

/** What keys there are, and the end of one. */
function addUse(verb: AddVerb): void {
  verb('list', 'cli.help.keys.list').action((_options: object, command: Command) =>
    run(command, async (host, context) => host.db.company(context.companyId, (transaction) => host.signing.keys(transaction))),
  )
  verb('stop <key>', 'cli.help.keys.stop')
    .requiredOption('--reason <text>', 'cli.help.option.reason')
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
