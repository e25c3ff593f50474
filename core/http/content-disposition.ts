import { containedText } from '../i18n/contained-text.js'

const longestName = 200

/**
 * Name of a file that is handed out, in ASCII and for people in UTF-8 (RFC 6266, RFC 8187). Names come from people: no path, no
 * character that turns or hides the ending, none that could not be encoded.
 */
export function contentDisposition(disposition: 'inline' | 'attachment', fileName: string): string {
  const shown = containedText(fileName)
    .replace(/[\p{Cc}\p{Surrogate}\u2028\u2029\u2066-\u2069/\\]/gu, '_')
    .replace(/^\.+/, '_')
  const ending = /\.\w{1,8}$/.exec(shown)?.[0] ?? ''
  const letters = Array.from(shown)
  const name = letters.length <= longestName ? shown : letters.slice(0, longestName - ending.length).join('') + ending
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${disposition}; filename="${name.replace(/[^\w.-]/g, '_')}"; filename*=UTF-8''${encoded}`
}
