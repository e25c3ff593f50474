import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { fetchGuarded } from '../../http/outgoing.js'
import { Fault } from '../../i18n/fault.js'
import { readCertificateFile } from '../../validation/certificate/certificate.js'
import { checkTrustListSignature } from '../../validation/trust/check-signature.js'
import { TrustFolder, type PinnedAnchor } from '../../validation/trust/trust-folder.js'
import { nameIn } from '../../validation/trust/trust-list.js'
import { TrustLists, type StoredTrustList } from '../../validation/trust/trust-lists.js'
import { listOfTheListsAddress, updateTrustLists } from '../../validation/trust/update-lists.js'
import { commandTexts, configurationOf, faultLines, languageOf, print, printJson, type GlobalOptions } from '../terminal.js'

interface TrustOptions extends GlobalOptions {
  readonly country?: string
  readonly signer?: string
  readonly territory?: string[]
  readonly address: string
}

const listLimit = 32 * 1024 * 1024
const listTimeoutMs = 60_000

/** `khatm trust …`: whom this installation trusts when it judges signatures. Files of the data folder; no database. */
export function register(program: Command): void {
  const trust = program.command('trust').description('cli.help.trust')

  trust
    .command('list')
    .description('cli.help.trust.list')
    .action((_options: object, command: Command) => {
      const folder = folderOf(command)
      const anchors = folder.anchors()
      const lists = new TrustLists(folder).stored()
      const options = command.optsWithGlobals<TrustOptions>()
      if (options.json === true) {
        printJson({ anchors: anchors.map(describeAnchor), lists: lists.map(describeList) })
        return
      }
      const locale = languageOf(options.lang)
      if (anchors.length + lists.length === 0) print(commandTexts().text(locale, 'cli.trust.empty'))
      for (const anchor of anchors) printAnchor(anchor)
      for (const stored of lists) printList(stored, command)
    })

  trust
    .command('add <file>')
    .description('cli.help.trust.add')
    .option('--country <code>', 'cli.help.trust.add.country')
    .action(async (file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<TrustOptions>()
      const added = folderOf(command).add(await read(file), options.country?.toUpperCase() ?? null, file)
      if (options.json === true) printJson(added.map(describeAnchor))
      else if (added.length === 0) print(commandTexts().text(languageOf(options.lang), 'cli.trust.known'))
      else added.forEach(printAnchor)
    })

  trust
    .command('remove <fingerprint>')
    .description('cli.help.trust.remove')
    .action((fingerprint: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<TrustOptions>()
      const gone = folderOf(command).remove(fingerprint.toLowerCase().replaceAll(':', ''))
      if (gone.length === 0) throw new Fault('TRUST-NOT-PINNED', { params: { fingerprint } })
      if (options.json === true) printJson(gone.map(describeAnchor))
      else gone.forEach(printAnchor)
    })

  trust
    .command('import <file>')
    .description('cli.help.trust.import')
    .option('--signer <pem>', 'cli.help.trust.import.signer')
    .action(async (file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<TrustOptions>()
      const signers =
        options.signer === undefined ? undefined : readCertificateFile(await read(options.signer)).map((certificate) => certificate.der)
      const stored = await new TrustLists(folderOf(command)).import(await read(file), {
        checkSignature: checkTrustListSignature,
        ...(signers === undefined ? {} : { signers }),
        now: new Date(),
      })
      if (options.json === true) printJson(describeList(stored))
      else printList(stored, command)
    })

  trust
    .command('update')
    .description('cli.help.trust.update')
    .option('--territory <code...>', 'cli.help.trust.update.territory')
    .option('--address <url>', 'cli.help.trust.update.address', listOfTheListsAddress)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<TrustOptions>()
      const locale = languageOf(options.lang)
      const { allowedPrivateOrigins } = configurationOf(command)
      const outcomes = await updateTrustLists(new TrustLists(folderOf(command)), {
        territories: (options.territory ?? []).map((code) => code.toUpperCase()),
        address: options.address,
        fetch: (url) => download(url, allowedPrivateOrigins),
        checkSignature: checkTrustListSignature,
        now: new Date(),
        done: ({ territory, sequence, fault }) => {
          if (options.json !== true) print(`${territory} ${sequence ?? ''}${fault === null ? '' : faultLines([fault], locale).join()}`)
        },
      })
      if (options.json === true) printJson(outcomes)
      if (outcomes.some((outcome) => outcome.fault !== null)) process.exitCode = 1
    })
}

async function download(url: string, allowPrivate: readonly string[]): Promise<Buffer> {
  const answer = await fetchGuarded(url, { timeoutMs: listTimeoutMs, maxBytes: listLimit, allowPrivate })
  if (answer.status !== 200) throw new Fault('TRUST-LIST-UNREACHABLE', { params: { address: url } })
  return answer.body
}

function folderOf(command: Command): TrustFolder {
  return new TrustFolder(configurationOf(command).dataDir)
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new Fault('VERIFY-FILE-MISSING', { params: { file }, cause: error })
  })
}

function describeAnchor({ certificate, country, file }: PinnedAnchor): object {
  const { holder, sha256, notAfter } = certificate
  return { name: holder, sha256, notAfter: notAfter.toISOString(), country, file }
}

function printAnchor({ certificate, country }: PinnedAnchor): void {
  print(`${country ?? '--'}  ${certificate.sha256.slice(0, 16)}  ${certificate.notAfter.toISOString().slice(0, 10)}  ${certificate.holder}`)
}

function describeList({ list, signer, importedAt }: StoredTrustList): object {
  const { territory, sequence, version, issuedAt, nextUpdate, services } = list
  return {
    territory,
    operator: nameIn(list.operator, 'en'),
    version,
    sequence,
    issuedAt: issuedAt.toISOString(),
    nextUpdate: nextUpdate?.toISOString() ?? null,
    late: nextUpdate !== null && nextUpdate < new Date(),
    services: services.length,
    signer,
    importedAt: importedAt.toISOString(),
  }
}

function printList({ list, signer }: StoredTrustList, command: Command): void {
  const locale = languageOf(command.optsWithGlobals<GlobalOptions>().lang)
  const late = list.nextUpdate !== null && list.nextUpdate < new Date()
  const params = {
    territory: list.territory,
    operator: nameIn(list.operator, locale),
    sequence: list.sequence,
    services: list.services.length,
    until: list.nextUpdate?.toISOString().slice(0, 10) ?? '',
    signer: signer.name,
  }
  print(commandTexts().text(locale, late ? 'cli.trust.list-late' : 'cli.trust.list', params))
}
