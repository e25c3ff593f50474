import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import type { RecordValues } from '../../../core/views/view.js'
import { activityOn } from '../data/codes.js'
import { acceptedAuthorities } from '../law/accepted-authorities.js'
import { readDocument, type ReadTax } from './read-document.js'
import { cairoDay } from '../data/cairo-day.js'

/** The document as we read it, its signature as we judge it. While it is on its way from the authority the panel says so. */
export async function loadDocumentPanel(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  record: RecordValues,
): Promise<object> {
  const { file } = record
  if (typeof file !== 'string') return { reading: true }
  const { bytes } = await host.files.get(transaction, file)
  const verdict = await judge(host, transaction, context, bytes)
  const text = (key: string, params?: Record<string, string>): string => host.i18n.text(context.locale, `compliance-egypt.${key}`, params)
  const [signature] = verdict.signatures
  const shown = {
    verdict: text(`received-verdict.${kindOf(verdict)}`),
    tone: toneOf(verdict),
    signer: signature?.signer ?? null,
    signedAt: signature?.signedAt ?? null,
    findings: [...verdict.findings, ...verdict.signatures.flatMap((one) => one.findings)].map((one) =>
      host.i18n.faultOnPage(context.locale, one),
    ),
  }
  try {
    const document = readDocument(bytes, context.locale)
    const day = cairoDay(host.now())
    const activity = activityOn(document.activity, day)
    const named = (tax: ReadTax): object => ({ ...tax, name: tax.name === '' ? taxTypeName(host, context, tax.code) : tax.name })
    return {
      ...shown,
      document: {
        ...document,
        activityName: (context.locale === 'ar' ? activity?.ar : activity?.en) ?? '',
        lines: document.lines.map((line) => ({ ...line, taxes: line.taxes.map(named) })),
        taxes: document.taxes.map(named),
      },
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ...shown, unreadable: error.details.map((detail) => host.i18n.faultOnPage(context.locale, detail)) }
  }
}

/** T13 to T20 are the same duties as T5 to T12, outside the tax base. */
function taxTypeName(host: Host, context: CompanyContext, code: string): string {
  const number = Number(/^T(\d{1,2})$/.exec(code)?.[1] ?? '0')
  if (number < 1 || number > 20) return code
  return host.i18n.text(context.locale, `compliance-egypt.tax-type.T${String(number > 12 ? number - 8 : number)}`)
}

async function judge(host: Host, transaction: CompanyTransaction, context: CompanyContext, bytes: Buffer): Promise<DocumentVerdict> {
  const company = await host.access.company(context.companyId)
  const practice = company.sandbox ? host.config.sandbox.trustAnchors.map((anchor) => Buffer.from(anchor, 'base64')) : []
  const accepted = (await acceptedAuthorities(host.config, transaction, host.now())).map((one) => Buffer.from(one.certificate.der))
  return host.verifiers.verify('document.json', bytes, { trust: [...practice, ...accepted], at: host.now() })
}

function kindOf(verdict: DocumentVerdict): 'passed' | 'untrusted' | 'broken' | 'unsigned' {
  if (verdict.verdict === 'passed') return 'passed'
  if (verdict.integrity === 'broken' || verdict.verdict === 'failed')
    return verdict.integrity === 'none' && verdict.signatures.length === 0 ? 'unsigned' : 'broken'
  return 'untrusted'
}

function toneOf(verdict: DocumentVerdict): 'green' | 'orange' | 'red' {
  const kind = kindOf(verdict)
  return kind === 'passed' ? 'green' : kind === 'broken' ? 'red' : 'orange'
}
