import { createHash } from 'node:crypto'
import type { Host } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type RouteRegistration, type VisitorCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import { formatMoment } from '../../../core/views/format.js'
import { findByCode, normalise } from '../services/codes.js'
import { judgeIssued, type Judge } from '../services/judge.js'
import { reportPdf } from '../services/report-pdf.js'
import { reportView, type ReportView } from '../services/report-view.js'
import type { RecentVerdicts } from '../services/verdicts.js'

const look = { calls: 120, seconds: 60 } as const
/** A check costs a second of a processor at worst. */
const check = { calls: 20, seconds: 60 } as const

export interface PublicParts {
  readonly host: Host
  readonly judge: Judge
  readonly recent: RecentVerdicts
}

/** Pages without login: drop a file, or type the code of a paper. Nothing that is dropped is stored. */
export function addPublicPages(routes: RouteRegistration, parts: PublicParts): void {
  const { host, judge, recent } = parts

  routes.visitor('get', '/verify', look, ({ locale, query }) => {
    const code = query['code']
    if (code === undefined || code === '') return Promise.resolve(startPage(host, locale, null))
    const normal = normalise(code)
    if (normal === undefined) return Promise.resolve(startPage(host, locale, 'VERIFICATION-CODE-UNKNOWN', code))
    return Promise.resolve({ kind: 'redirect', to: `/verify/${normal}` })
  })

  routes.visitor('post', '/verify', check, async (call) => {
    const { locale } = call
    const [file, second] = call.files.filter((one) => one.bytes.length > 0)
    if (file === undefined) return startPage(host, locale, 'VERIFICATION-FILE-MISSING')
    try {
      const { verdict, name } = await judgeDropped(parts, file, second)
      return resultPage(host, call, verdict, name, null)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return startPage(host, locale, error.code)
    }
  })

  routes.visitor('get', '/verify/:code', look, async ({ locale, params }) => {
    const { companyId, document } = await findByCode(host, params['code'] ?? '')
    const company = await host.access.company(companyId)
    const verdict = await judgeIssued(host, judge, companyId, document)
    const view = verdict === null ? null : reportView(verdict, viewOptions(host, locale))
    return {
      kind: 'page',
      template: 'verification/issued',
      title: host.i18n.text(locale, 'verification.issued.title'),
      data: {
        code: document.code,
        action: `/verify/${document.code}`,
        company: locale === 'ar' ? (company.nameAr ?? company.name) : company.name,
        sandbox: company.sandbox,
        label: document.subject.label,
        kind: `verification.kind.${document.facts.kind}`,
        issuedOn: document.facts.issuedOn,
        total: document.facts.total ?? null,
        view: view === null ? null : withTone(view),
        compared: null,
      },
    }
  })

  routes.visitor('post', '/verify/:code', check, async (call) => {
    const { document } = await findByCode(host, call.params['code'] ?? '')
    const [file] = call.files.filter((one) => one.bytes.length > 0)
    if (file === undefined) return startPage(host, call.locale, 'VERIFICATION-FILE-MISSING')
    const { verdict, name, sha256 } = await judgeDropped(parts, file, undefined)
    return resultPage(
      host,
      call,
      verdict,
      name,
      document.sha256 === null ? null : { code: document.code, same: document.sha256 === sha256 },
    )
  })

  routes.visitor('get', '/verify/report/:name', look, async ({ locale, params, query }) => {
    const found = recent.find(params['name'] ?? '')
    if (found === undefined) throw new Fault('VERIFICATION-REPORT-GONE', { status: 404 })
    const options = viewOptions(host, locale)
    const view = reportView(found.verdict, options)
    if (query['format'] === 'json') {
      const body = Buffer.from(JSON.stringify({ ...found.verdict, sha256: found.sha256, sentence: view.headline }, null, 2))
      return new FileAnswer(body, 'application/json', 'verification.json')
    }
    const pdf = await reportPdf(host, locale, view, { sha256: found.sha256, checkedAt: host.now(), moment: options.moment })
    return new FileAnswer(pdf, 'application/pdf', 'verification.pdf')
  })
}

async function judgeDropped(
  { judge, recent }: PublicParts,
  file: VisitorCall['files'][number],
  content: VisitorCall['files'][number] | undefined,
): Promise<{ verdict: DocumentVerdict; name: string; sha256: string }> {
  const sha256 = createHash('sha256').update(file.bytes).digest('hex')
  const verdict = await judge(file.name, file.bytes, content?.bytes)
  return { verdict, name: recent.keep(verdict, sha256), sha256 }
}

function startPage(host: Host, locale: Locale, fault: string | null, code = ''): PageAnswer {
  return {
    kind: 'page',
    template: 'verification/start',
    title: host.i18n.text(locale, 'verification.title'),
    data: { code, error: fault === null ? null : host.i18n.fault(locale, { code: fault }) },
  }
}

function resultPage(
  host: Host,
  { locale }: VisitorCall,
  verdict: DocumentVerdict,
  name: string,
  compared: { readonly code: string; readonly same: boolean } | null,
): PageAnswer {
  const view = reportView(verdict, viewOptions(host, locale))
  return {
    kind: 'page',
    template: 'verification/result',
    title: host.i18n.text(locale, 'verification.title'),
    data: { ...withTone(view), name, compared },
  }
}

const icons = { good: 'check-circle', doubt: 'alert-circle', bad: 'alert-triangle' } as const

/** Icons and words for the tones: a colour alone says nothing to many. */
function withTone(view: ReportView): object {
  return {
    ...view,
    icon: icons[view.tone],
    signatures: view.signatures.map((signature) => ({
      ...signature,
      icon: icons[signature.tone],
      toneLabel: `verification.tone.${signature.tone}`,
    })),
  }
}

function viewOptions(host: Host, locale: Locale): Parameters<typeof reportView>[1] {
  const presentation = { locale, digits: 'latin', timeZone: 'UTC' } as const
  return {
    texts: host.i18n,
    locale,
    // One left-to-right piece in every language: day, hour, zone.
    moment: (iso) => `\u2066${formatMoment(iso, presentation)} UTC\u2069`,
  }
}
