import { createHash } from 'node:crypto'
import type { Host } from '../../../core/host/module.js'
import { bodyLimits } from '../../../core/http/assets.js'
import { FileAnswer, type PageAnswer, type RouteRegistration, type VisitorCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { dayText, timeText } from '../../../core/validation/plain-sentence.js'
import { findByCode, normalise } from '../services/codes.js'
import { judgeIssued, type Judge } from '../services/judge.js'
import { reportPdf } from '../services/report-pdf.js'
import { reportView, type ReportView } from '../services/report-view.js'
import type { KeptVerdict, RecentVerdicts } from '../services/verdicts.js'

/** Largest file that is taken, in MiB as people say MB. */
const megabytes = bodyLimits.upload / 1024 / 1024
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
      return resultPage(host, locale, await judgeDropped(parts, file, second))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return startPage(host, locale, error.code)
    }
  })

  // The same once more: another language, a reload.
  routes.visitor('get', '/verify/result/:name', look, ({ locale, params }) => {
    const name = params['name'] ?? ''
    const found = recent.find(name)
    if (found === undefined) return Promise.resolve(startPage(host, locale, 'VERIFICATION-REPORT-GONE', '', 404))
    return Promise.resolve(resultPage(host, locale, { ...found, name }))
  })

  routes.visitor('get', '/verify/:code', look, async ({ locale, params }) => {
    const code = params['code'] ?? ''
    const found = await findByCode(host, code).catch((error: unknown) => {
      if (error instanceof Fault && error.code === 'VERIFICATION-CODE-UNKNOWN') return undefined
      throw error
    })
    // The code stays in its field, to be compared with the paper.
    if (found === undefined) return startPage(host, locale, 'VERIFICATION-CODE-UNKNOWN', code.slice(0, 40), 404)
    const { companyId, document } = found
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
        megabytes,
        company: locale === 'ar' ? (company.nameAr ?? company.name) : company.name,
        sandbox: company.sandbox && view?.practice !== true,
        label: document.subject.label,
        kind: `verification.kind.${document.facts.kind}`,
        issuedOn: document.facts.issuedOn,
        total: document.facts.total ?? null,
        view: view === null ? null : withTone(view),
      },
    }
  })

  routes.visitor('post', '/verify/:code', check, async (call) => {
    const { document } = await findByCode(host, call.params['code'] ?? '')
    const [file] = call.files.filter((one) => one.bytes.length > 0)
    if (file === undefined) return startPage(host, call.locale, 'VERIFICATION-FILE-MISSING')
    return resultPage(host, call.locale, await judgeDropped(parts, file, undefined, document.sha256))
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

/** Judges a file and keeps the verdict for a while; `issued` is the SHA-256 of the file it claims to be. */
async function judgeDropped(
  { judge, recent }: PublicParts,
  file: VisitorCall['files'][number],
  content: VisitorCall['files'][number] | undefined,
  issued: string | null = null,
): Promise<KeptVerdict & { readonly name: string }> {
  const sha256 = createHash('sha256').update(file.bytes).digest('hex')
  const verdict = await judge(file.name, file.bytes, content?.bytes)
  const kept = { verdict, sha256, same: issued === null ? null : issued === sha256 }
  return { ...kept, name: recent.keep(kept) }
}

function startPage(host: Host, locale: Locale, fault: string | null, code = '', status = 200): PageAnswer {
  return {
    kind: 'page',
    template: 'verification/start',
    title: host.i18n.text(locale, 'verification.title'),
    status,
    data: { code, megabytes, error: fault === null ? null : host.i18n.faultOnPage(locale, { code: fault }) },
    here: '/verify',
  }
}

function resultPage(host: Host, locale: Locale, { verdict, name, same }: KeptVerdict & { readonly name: string }): PageAnswer {
  const view = reportView(verdict, viewOptions(host, locale))
  return {
    kind: 'page',
    template: 'verification/result',
    title: host.i18n.text(locale, 'verification.title'),
    data: { ...withTone(view), name, compared: same === null ? null : { same } },
    here: `/verify/result/${name}`,
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
  return {
    texts: host.i18n,
    locale,
    // Hour and zone stay on one line.
    moment: (iso) => timeText(iso, locale).replace(' UTC', '\u00a0UTC'),
    day: (iso) => dayText(iso, locale),
    practice: new Set(
      host.config.sandbox.trustAnchors.map((text) => createHash('sha256').update(Buffer.from(text, 'base64')).digest('hex')),
    ),
  }
}
