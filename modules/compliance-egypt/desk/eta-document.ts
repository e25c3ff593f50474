import type { DocumentView } from '../../../core/agent/document-view.js'
import type { LocalizedText } from '../../../core/i18n/locale.js'
import { canonicalHash, canonicalTextOf } from '../canonical/canonical-text.js'
import { parseLiteral, textAt, type LiteralValue } from '../canonical/literal-value.js'

export const etaMediaType = 'application/json; profile=eta'

const shown: readonly { readonly path: readonly string[]; readonly label: LocalizedText }[] = [
  { path: ['issuer', 'id'], label: { ar: 'رقم تسجيل المُصدِر', en: 'Issuer’s registration number', bg: 'Регистрационен номер на издателя' } },
  { path: ['issuer', 'name'], label: { ar: 'المُصدِر', en: 'Issuer', bg: 'Издател' } },
  { path: ['receiver', 'name'], label: { ar: 'المستلم', en: 'Receiver', bg: 'Получател' } },
  { path: ['receiver', 'id'], label: { ar: 'رقم المستلم', en: 'Receiver’s number', bg: 'Номер на получателя' } },
  { path: ['documentType'], label: { ar: 'نوع المستند', en: 'Type of document', bg: 'Вид документ' } },
  { path: ['internalID'], label: { ar: 'الرقم', en: 'Number', bg: 'Номер' } },
  { path: ['dateTimeIssued'], label: { ar: 'وقت الإصدار', en: 'Issued at', bg: 'Издаден на' } },
  { path: ['totalAmount'], label: { ar: 'الإجمالي (جنيه مصري)', en: 'Total (EGP)', bg: 'Общо (EGP)' } },
]

/**
 * What the holder of a token may know before he signs (Executive Regulations 109/2005 Art. 2(f)): the desk reads the invoice itself and
 * makes the canonical text and its hash from it, so that nothing but this document can come under the signature.
 */
const etaView: DocumentView = {
  mediaType: etaMediaType,
  read(bytes) {
    const root = parseLiteral(bytes)
    const total = textAt(root, 'totalAmount')
    return {
      signedHash: canonicalHash(canonicalTextOf(root)),
      amount: total === undefined ? null : { value: total, currency: 'EGP' },
      facts: shown.flatMap(({ path, label }) => {
        const value = textAt(root, ...path)
        return value === undefined ? [] : [{ label, value: plain(value) }]
      }),
      text: lines(root, '').join('\n'),
    }
  },
}

export default etaView

/** One line for each value, with its place. */
function lines(value: LiteralValue, place: string): string[] {
  switch (value.kind) {
    case 'object':
      return value.members.flatMap(({ name, value: member }) => lines(member, place === '' ? name : `${place}.${name}`))
    case 'array':
      return value.items.flatMap((item, index) => lines(item, `${place}[${String(index + 1)}]`))
    default:
      return [`${place}: ${plain(value.text)}`]
  }
}

/** Source text with the two escapes a person should not have to read. */
function plain(text: string): string {
  return text.replace(/\\(["\\])/g, '$1')
}
