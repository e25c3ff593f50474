import type { Host } from '../../../core/host/module.js'
import { directionOf, type Locale } from '../../../core/i18n/locale.js'

const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${String(letter.charCodeAt(0))};`)

/** A short mail that can be read on a lock screen. */
export function codeMail(
  host: Host,
  locale: Locale,
  { code, minutes, document }: { code: string; minutes: number; document: string },
): { subject: string; text: string; html: string } {
  const say = (key: string): string => host.i18n.text(locale, `signatures.code-mail.${key}`, { code, minutes, document })
  const text = `${say('code')}\n\n${code}\n\n${say('ends')}\n${say('warning')}\n`
  const html =
    `<!doctype html><html lang="${locale}" dir="${directionOf(locale)}"><body style="font-family:sans-serif;color:#16211b;padding:16px">` +
    `<p>${escaped(say('code'))}</p><p style="font-size:32px;letter-spacing:6px" dir="ltr"><b>${code}</b></p>` +
    `<p>${escaped(say('ends'))}</p><p style="color:#55635b">${escaped(say('warning'))}</p></body></html>`
  return { subject: say('subject'), text, html }
}
