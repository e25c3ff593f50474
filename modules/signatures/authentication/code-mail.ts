import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { inSentence } from '../mails/mail-text.js'
import { renderMail, type RenderedMail } from '../mails/render-mail.js'

/** A short mail whose code can be read in a list of mails and on a lock screen. */
export function codeMail(
  host: Host,
  company: Company,
  locale: Locale,
  { code, minutes, document }: { code: string; minutes: number; document: string },
): RenderedMail {
  const say = (key: string, name = document): string =>
    host.i18n.text(locale, `signatures.code-mail.${key}`, { code, minutes, document: name })
  const sentence = (key: string): string => say(key, inSentence(locale, document))
  return renderMail(host, company, locale, {
    subject: say('subject'),
    sender: locale === 'ar' ? (company.nameAr ?? company.name) : company.name,
    heading: say('subject'),
    preview: `${inSentence(locale, code)} · ${sentence('ends')}`,
    paragraphs: [sentence('code')],
    code,
    notes: [sentence('ends'), sentence('warning')],
  })
}
