import type { Host } from '../../../core/host/module.js'
import type { AnswerCookie, PageAnswer } from '../../../core/http/routes.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { companyName, type OpenLink } from './open-link.js'

type Document = Extract<PageAnswer, { kind: 'document' }>

const languages = [
  { locale: 'ar', label: 'العربية' },
  { locale: 'en', label: 'English' },
  { locale: 'bg', label: 'Български' },
] as const

/** What every page of a link shows: who asks what of whom, the language, help. */
export function signerPage(
  host: Host,
  link: OpenLink,
  page: {
    readonly template: string
    /** Key of the title below `signatures.sign.`. */
    readonly title: string
    readonly data: object
    readonly scripts?: readonly string[]
    readonly status?: number
    readonly cookies?: readonly AnswerCookie[]
  },
): Document {
  const { locale } = link.context
  return {
    kind: 'document',
    template: `signatures/${page.template}`,
    locale,
    timeZone: link.company.timeZone,
    ...(page.status === undefined ? {} : { status: page.status }),
    ...(page.cookies === undefined ? {} : { cookies: page.cookies }),
    data: {
      ...frame(host, locale, page.title, page.scripts ?? [], `/sign/${link.token}`),
      link: { path: `/sign/${link.token}`, ...facts(host, link) },
      ...page.data,
    },
  }
}

/** A page that belongs to no link that leads anywhere. It tells nothing. */
export function strangerPage(host: Host, locale: Locale): Document {
  return {
    kind: 'document',
    template: 'signatures/signer-message',
    locale,
    status: 404,
    data: {
      ...frame(host, locale, 'unknown.title', [], '/sign'),
      message: messageOf(host, locale, 'unknown'),
    },
  }
}

export function messageOf(
  host: Host,
  locale: Locale,
  name: string,
  params: Readonly<Record<string, string | number>> = {},
): { title: string; text: string; next: string; tone: string } {
  const say = (part: string): string => host.i18n.text(locale, `signatures.sign.${name}.${part}`, params)
  return { title: say('title'), text: say('text'), next: say('next'), tone: name }
}

export function faultText(host: Host, locale: Locale, fault: FaultDetail): string {
  return host.i18n.faultOnPage(locale, fault)
}

function frame(host: Host, locale: Locale, title: string, scripts: readonly string[], here: string): object {
  return {
    title: host.i18n.text(locale, `signatures.sign.${title}`),
    scripts: ['steps', ...scripts],
    here,
    languages: languages.map((one) => ({ ...one, on: one.locale === locale })),
  }
}

function facts(host: Host, { company, request, signer, context: { locale } }: OpenLink): object {
  const sender = companyName(company, locale)
  return {
    sender,
    sandbox: company.sandbox,
    by: request.createdBy.name,
    document: request.name,
    number: request.number,
    signer: signer.name,
    /** The first line of the page. */
    ask: host.i18n.text(locale, `signatures.sign.ask.${signer.action}${request.createdBy.id === null ? '-company' : ''}`, {
      by: request.createdBy.name,
      sender,
      name: signer.name,
    }),
    contact: request.replyTo ?? company.email ?? company.phone ?? '',
    expiresAt: request.expiresAt,
  }
}
