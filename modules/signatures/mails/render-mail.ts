import { fileURLToPath } from 'node:url'
import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { directionOf, type Locale } from '../../../core/i18n/locale.js'
import { TemplateEngine } from '../../../core/views/template-engine.js'
import { directionOfText, inSentence } from './mail-text.js'

export interface MailFact {
  readonly label: string
  /** A list stands in the direction of the mail, each of its parts in its own. */
  readonly value: string | readonly string[]
}

/** What a mail of this module says, in the reader's language. */
export interface MailContent {
  readonly subject: string
  readonly sender: string
  readonly heading: string
  /** One sentence that lists of mail show beside the subject. */
  readonly preview: string
  readonly greeting?: string
  readonly paragraphs: readonly string[]
  /** To be typed in elsewhere: shown large. */
  readonly code?: string
  readonly reason?: { readonly label: string; readonly text: string } | undefined
  readonly message?: { readonly label: string; readonly lines: readonly string[] } | undefined
  readonly button?: { readonly label: string; readonly link: string; readonly hint: string } | undefined
  readonly facts?: readonly MailFact[]
  readonly notes: readonly string[]
}

export interface RenderedMail {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/**
 * A mail as plain text and as HTML that says the same. Nothing in it is fetched: no picture, no font, nothing that tells when it was read.
 * Sides are written out (`right`, `left`) and every cell has its direction, for readers of mail that know no logical sides and take
 * the direction of the page away.
 */
export function renderMail(host: Host, company: Company, locale: Locale, content: MailContent): RenderedMail {
  const dir = directionOf(locale)
  const sided = (text: string): { text: string; dir: string; side: string } => {
    const own = directionOfText(text)
    return { text, dir: own, side: own === 'rtl' ? 'right' : 'left' }
  }
  const data = {
    ...content,
    locale,
    dir,
    start: dir === 'rtl' ? 'right' : 'left',
    end: dir === 'rtl' ? 'left' : 'right',
    reason: content.reason === undefined ? undefined : { label: content.reason.label, ...sided(content.reason.text) },
    message: content.message === undefined ? undefined : { label: content.message.label, lines: content.message.lines.map(sided) },
    facts: (content.facts ?? []).map(({ label, value }) => ({
      label,
      ...(typeof value === 'string' ? sided(value) : { text: listed(locale, value), dir }),
    })),
  }
  const frame = { locale, digits: company.digits, timeZone: company.timeZone, dir, token: '', nonce: '', assets: '' }
  return { subject: content.subject, text: plainText(locale, content), html: engineOf(host).render('signatures/mail', data, frame) }
}

function listed(locale: Locale, values: readonly string[]): string {
  return values.map((value) => inSentence(locale, value)).join(locale === 'ar' ? '، ' : ', ')
}

function plainText(locale: Locale, content: MailContent): string {
  const { greeting, code, reason, message, button, facts = [] } = content
  const blocks = [
    ...(greeting === undefined ? [] : [greeting]),
    content.heading,
    ...content.paragraphs,
    ...(code === undefined ? [] : [code]),
    ...(reason === undefined ? [] : [`${reason.label}\n${reason.text}`]),
    ...(message === undefined ? [] : [`${message.label}\n${message.lines.join('\n')}`]),
    ...(button === undefined ? [] : [`${button.label}:\n${button.link}`]),
    ...(facts.length === 0
      ? []
      : [
          facts
            .map(({ label, value }) => `${label}: ${typeof value === 'string' ? inSentence(locale, value) : listed(locale, value)}`)
            .join('\n'),
        ]),
    ...content.notes,
  ]
  return `${blocks.join('\n\n')}\n`
}

const engines = new WeakMap<object, TemplateEngine>()

function engineOf(host: Host): TemplateEngine {
  let engine = engines.get(host.i18n)
  if (engine === undefined) {
    const folder = fileURLToPath(new URL('../../../templates/signatures/mail/', import.meta.url))
    engine = new TemplateEngine([{ module: 'signatures', folder }], { translator: host.i18n, decimalsOf: () => 2 })
    engines.set(host.i18n, engine)
  }
  return engine
}
