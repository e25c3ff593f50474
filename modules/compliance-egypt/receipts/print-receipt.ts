import type { PrintFact } from '../../invoicing/index.js'
import { parseLiteral, textAt } from '../canonical/literal-value.js'

/** What an 80 mm receipt shows beside the sale, as the filed receipt has it: branch, point of sale, its own name, the sale it gives back. */
export function receiptFacts(bytes: Uint8Array): PrintFact[] {
  const receipt = parseLiteral(bytes)
  const facts: PrintFact[] = []
  const put = (label: PrintFact['label'], value: string | undefined, code = true): void => {
    if (value !== undefined && value !== '') facts.push({ label, value, code })
  }
  const branch = textAt(receipt, 'seller', 'branchCode')
  const place = [textAt(receipt, 'seller', 'branchAddress', 'regionCity'), textAt(receipt, 'seller', 'branchAddress', 'governate')]
  const places = [...new Set(place.filter((one) => one !== undefined && one !== ''))].join('، ')
  put({ ar: 'الفرع', en: 'Branch', bg: 'Обект' }, branch === undefined ? undefined : `${branch} · ${places}`, false)
  put({ ar: 'نقطة البيع', en: 'Point of sale', bg: 'Каса' }, textAt(receipt, 'seller', 'deviceSerialNumber'))
  put({ ar: 'معرّف الإيصال', en: 'Receipt ID', bg: 'ID на бона' }, shortened(textAt(receipt, 'header', 'uuid')))
  put({ ar: 'مرتجع عن الإيصال', en: 'Returns receipt', bg: 'Връща бон' }, shortened(textAt(receipt, 'header', 'referenceUUID')))
  put({ ar: 'تصحيح للإيصال', en: 'Corrects receipt', bg: 'Поправя бон' }, shortened(textAt(receipt, 'header', 'referenceOldUUID')))
  return facts
}

/** Beginning and end of a uuid: the whole of it is in the QR code. */
function shortened(uuid: string | undefined): string | undefined {
  return uuid === undefined || uuid.length < 24 ? uuid : `${uuid.slice(0, 10)}…${uuid.slice(-8)}`
}
