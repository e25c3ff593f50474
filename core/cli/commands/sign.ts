import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Company } from '../../access/context.js'
import type { Host } from '../../host/module.js'
import { Fault } from '../../i18n/fault.js'
import { configuredEvidence, configuredTimeStamp } from '../../signing/configured-authorities.js'
import { signCades, type CadesLevel } from '../../signing/formats/cades/sign-cades.js'
import { drawSignature } from '../../signing/formats/pades/draw-signature.js'
import type { PdfLevel } from '../../signing/formats/pades/level.js'
import type { SeenRectangle } from '../../signing/formats/pades/page-geometry.js'
import { signPdf, type SignatureAppearance } from '../../signing/formats/pades/sign-pdf.js'
import { signXades, type XadesLevel } from '../../signing/formats/xades/sign-xades.js'
import type { KeyPurpose } from '../../signing/key.js'
import type { Signer } from '../../signing/signing-service.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { print, printJson, type GlobalOptions } from '../terminal.js'
import { withHost } from '../with-host.js'

interface VisiblePlace {
  readonly page: number
  readonly rect: SeenRectangle
}

interface SignOptions extends GlobalOptions {
  readonly company: string
  readonly key: string
  readonly format: 'pades' | 'cades' | 'xades'
  readonly level: 'b' | 't' | 'lt' | 'lta'
  readonly purpose: KeyPurpose
  readonly out?: string
  readonly reason?: string
  readonly location?: string
  readonly field?: string
  readonly certify?: '1' | '2' | '3'
  readonly visible?: VisiblePlace
  readonly detached?: boolean
}

/** `khatm sign FILE`: signs a file with a configured key; policy and use log apply as everywhere. */
export function register(program: Command): void {
  program
    .command('sign <file>')
    .description('cli.help.sign')
    .requiredOption('--company <code>', 'cli.help.sign.company')
    .requiredOption('--key <id>', 'cli.help.sign.key')
    .addOption(new Option('--format <format>', 'cli.help.sign.format').choices(['pades', 'cades', 'xades']).default('pades'))
    .addOption(new Option('--level <level>', 'cli.help.sign.level').choices(['b', 't', 'lt', 'lta']).default('b'))
    .addOption(
      new Option('--purpose <purpose>', 'cli.help.sign.purpose').choices(['seal-document', 'sign-contract']).default('seal-document'),
    )
    .option('--reason <text>', 'cli.help.sign.shown')
    .option('--location <text>', 'cli.help.sign.shown')
    .option('--field <name>', 'cli.help.sign.field')
    .addOption(new Option('--certify <level>', 'cli.help.sign.certify').choices(['1', '2', '3']))
    .option('--visible <page,x,y,width,height>', 'cli.help.sign.visible', readPlace)
    .option('--detached', 'cli.help.sign.detached')
    .option('--out <file>', 'cli.help.sign.out')
    .action(async (file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<SignOptions>()
      checkCombination(options)
      const bytes = await readFile(file).catch((error: unknown) => {
        throw new Fault('VERIFY-FILE-MISSING', { params: { file }, cause: error })
      })
      const result = await withHost(command, ({ host }) => sign(host, file, bytes, options))
      await writeFile(result.out, result.bytes)
      if (options.json === true) printJson({ file: result.out, level: result.level, stampedAt: result.stampedAt?.toISOString() ?? null })
      else print(`${result.out} ${result.level}`)
    })
}

function readPlace(text: string): VisiblePlace {
  const [page, x, y, width, height, more] = text.split(',').map(Number)
  const isPlace =
    page !== undefined &&
    x !== undefined &&
    y !== undefined &&
    width !== undefined &&
    height !== undefined &&
    more === undefined &&
    Number.isInteger(page) &&
    page > 0 &&
    [x, y].every((value) => Number.isFinite(value)) &&
    [width, height].every((value) => Number.isFinite(value) && value > 0)
  if (!isPlace) throw new InvalidArgumentError('page,x,y,width,height')
  return { page, rect: [x, y, width, height] }
}

/** What was asked for and means nothing for the format is a mistake, not a wish to be passed over. */
function checkCombination({ format, level, ...options }: SignOptions): void {
  const refuse = (option: string): Fault => new Fault('SIGN-COMMAND-OPTION', { params: { option, format } })
  if (format !== 'pades') {
    if (level === 'lta') throw refuse('--level lta')
    for (const option of ['reason', 'location', 'field', 'certify', 'visible'] as const)
      if (options[option] !== undefined) throw refuse(`--${option}`)
  } else if (options.detached === true) throw refuse('--detached')
}

interface Signed {
  readonly bytes: Buffer
  readonly level: string
  readonly stampedAt: Date | null
  readonly out: string
}

async function sign(host: Host, file: string, bytes: Buffer, options: SignOptions): Promise<Signed> {
  const company = await host.access.companyByCode(options.company)
  const context = await host.access.systemContext(company.id, 'cli')
  // Before the key is opened: who has to be asked for the level must be set up.
  const timeStamp = options.level === 'b' ? undefined : configuredTimeStamp(host)
  const evidence = options.level === 'lt' || options.level === 'lta' ? configuredEvidence(host) : undefined
  const subject = { type: 'file', id: basename(file), label: basename(file) }
  // Files of one name are many: an approval covers these bytes.
  const documentHash = createHash('sha256').update(bytes).digest('hex')
  const signer = await host.signing.open(context, options.key, { purpose: options.purpose, subject, documentHash })
  const shared = {
    signer,
    signedAt: host.now(),
    ...(timeStamp === undefined ? {} : { timeStamp }),
    ...(evidence === undefined ? {} : { evidence }),
  }
  const beside = (ending: string): string => options.out ?? `${file.slice(0, file.length - extname(file).length)}${ending}`
  switch (options.format) {
    case 'cades': {
      const detached = options.detached === true
      const made = await signCades(bytes, { ...shared, level: levelOf<CadesLevel>(options), detached })
      return {
        bytes: made.cms,
        level: made.level,
        stampedAt: made.stampedAt ?? null,
        out: options.out ?? `${file}.${detached ? 'p7s' : 'p7m'}`,
      }
    }
    case 'xades': {
      const placement = options.detached === true ? ({ kind: 'detached', uri: encodeURIComponent(basename(file)) } as const) : undefined
      const made = await signXades(bytes, {
        ...shared,
        level: levelOf<XadesLevel>(options),
        ...(placement === undefined ? {} : { placement }),
      })
      return {
        bytes: made.xml,
        level: made.level,
        stampedAt: made.stampedAt,
        out: beside(options.detached === true ? '.xades.xml' : '.signed.xml'),
      }
    }
    case 'pades': {
      const made = await signPdf(bytes, {
        ...shared,
        level: levelOf<PdfLevel>(options),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.location === undefined ? {} : { location: options.location }),
        ...(options.field === undefined ? {} : { fieldName: options.field }),
        ...(options.certify === undefined ? {} : { certify: certificationOf(options.certify) }),
        ...(options.visible === undefined ? {} : { appearance: await picture(host, company, signer, options.visible, options) }),
      })
      return { bytes: made.pdf, level: made.level, stampedAt: made.stampedAt, out: beside('.signed.pdf') }
    }
  }
}

/** `lt` as the formats write it; combinations that a format lacks were refused before. */
function levelOf<Level extends PdfLevel>(options: SignOptions): Level {
  // The choices of the option are the four levels in lower case.
  return options.level.toUpperCase() as Level
}

const certificationOf = (text: '1' | '2' | '3'): 1 | 2 | 3 => (text === '1' ? 1 : text === '2' ? 2 : 3)

async function picture(
  host: Host,
  company: Company,
  signer: Signer,
  place: VisiblePlace,
  { reason, location }: SignOptions,
): Promise<SignatureAppearance> {
  const [own] = signer.certificates
  if (own === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: '' }, status: 409 })
  const [, , width, height] = place.rect
  const pdf = await drawSignature(host.documents, {
    width,
    height,
    name: readCertificate(own).holder,
    signedAt: host.now(),
    timeZone: company.timeZone,
    locale: company.locale,
    digits: company.digits,
    ...(reason === undefined ? {} : { reason }),
    ...(location === undefined ? {} : { location }),
  })
  return { ...place, pdf }
}
