import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { VisitorCall } from '../../../core/http/routes.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { AuthenticationCase } from '../authentication/method.js'
import type { EventOrigin } from '../models/event.js'
import type { RequestSigner, SignRequest } from '../models/request.js'
import { signerByToken } from '../services/requests/links.js'
import { browserCookie, findSession, type BrowserSession } from './browser-session.js'
import { readProgress, type Progress } from './progress.js'
import { standingOf, type Standing } from './standing.js'

/** A link that somebody follows, with all that decides what he sees. */
export interface OpenLink {
  readonly token: string
  readonly company: Company
  readonly request: SignRequest
  readonly signer: RequestSigner
  readonly standing: Standing
  /** The signer acting, in the language of the page. */
  readonly context: CompanyContext
  readonly origin: EventOrigin
  /** Undefined: this browser has proven nothing. */
  readonly session: BrowserSession | undefined
  readonly progress: Progress
  /** Who is logged in on this browser, if he works in the company of the request. */
  readonly user: CompanyContext | undefined
}

const zonePattern = /^[a-z][\w+-]*(?:\/[\w+-]+){0,2}$/i

/** Undefined for a link that leads nowhere: unknown, replaced, of a company that does not use this any more. */
export async function openLink(host: Host, call: VisitorCall): Promise<OpenLink | undefined> {
  const token = call.params['token'] ?? ''
  const found = await signerByToken(host, token)
  if (found === undefined || !(await host.modules.isEnabled(found.companyId, 'signatures'))) return undefined
  const { companyId, request, signer } = found
  const standing = standingOf(request, signer, host.now())
  if (standing === 'unknown') return undefined
  const locale = call.chosenLocale ?? signer.locale
  const [company, kept] = await Promise.all([
    host.access.company(companyId),
    host.db.company(companyId, async (transaction) => ({
      session: await findSession(host, transaction, signer, call.cookie(browserCookie)),
      progress: await readProgress(transaction, signer),
    })),
  ])
  return {
    token,
    company,
    request,
    signer,
    standing,
    ...kept,
    context: signerContext(companyId, signer, locale),
    origin: originOf(call, locale),
    user: call.context?.companyId === companyId ? call.context : undefined,
  }
}

/** A signer acts for himself: he has no rights in the company beyond his link. */
export function signerContext(companyId: string, signer: Pick<RequestSigner, 'id' | 'name'>, locale: Locale): CompanyContext {
  return { companyId, actor: { kind: 'signer', id: signer.id, name: signer.name }, locale, source: 'web', groups: new Set() }
}

/** Where an act came from. The zone is what the device says of itself. */
export function originOf(call: Pick<VisitorCall, 'address' | 'userAgent' | 'body'>, locale: Locale): EventOrigin {
  const zone = call.body['timeZone']
  return {
    ...(call.address === '' ? {} : { ip: call.address }),
    ...(call.userAgent === '' ? {} : { userAgent: call.userAgent.slice(0, 400) }),
    ...(typeof zone === 'string' && zone.length < 60 && zonePattern.test(zone) ? { timeZone: zone } : {}),
    locale,
  }
}

export function caseOf(link: OpenLink): AuthenticationCase {
  const { context, request, signer, session, user } = link
  return {
    context,
    request,
    signer,
    sessionId: session?.id ?? '',
    ...(session === undefined ? {} : { keyed: session.keyed, proven: provenBy(session) }),
    ...(user === undefined ? {} : { user }),
  }
}

/** Methods that the signer passed himself: what a sender stated at his desk proves no address to a device. */
function provenBy({ verified }: BrowserSession): string[] {
  return Object.keys(verified).filter((name) => verified[name]?.facts['inPerson'] !== true)
}

/** `سلمى`, or the company's name in the language of the page. */
export function companyName(company: Company, locale: Locale): string {
  return locale === 'ar' ? (company.nameAr ?? company.name) : company.name
}
