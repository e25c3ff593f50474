import type { FiredRule } from '../../compliance/index.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { compare } from '../../../core/money/decimal-text.js'
import { itemsOf, memberOf, textAt, type LiteralValue } from '../canonical/literal-value.js'
import { activityOn, isCountry, isCurrency, isUnit } from '../data/codes.js'
import { isNationalId } from '../data/national-id.js'
import { subtypeOf } from '../data/taxes.js'
import { isBrick, isGtin, ownerOf, readItemCode } from '../document/item-code.js'
import { isRin } from '../document/party.js'
import { brokenIdentities } from '../taxes/identities.js'
import { receiptUuid } from '../verify/verify-receipt.js'
import { cairoDay } from '../data/cairo-day.js'

/** Clocks differ a little. */
const clockDifferenceMs = 60_000

/** Rules that fired so far. */
class Fired {
  readonly rules: FiredRule[] = []

  add(rule: string, place: string, params: FaultDetail['params'] = {}, level: FiredRule['level'] = 'error'): void {
    this.rules.push({ rule, level, place, params })
  }
}

/** Codes and arithmetic of a document whose structure is sound, whoever wrote it. */
export function documentRules(document: LiteralValue, now: Date): FiredRule[] {
  const fired = new Fired()
  if (memberOf(document, 'seller') === undefined) invoiceRules(document, now, fired)
  else receiptRules(document, now, fired)
  for (const { path, name, stated, expected } of brokenIdentities(document)) {
    fired.add('EG-AMOUNT-DIFFERS', path, { rule: name, stated, expected })
  }
  return fired.rules
}

function invoiceRules(document: LiteralValue, now: Date, fired: Fired): void {
  const at = (...path: readonly string[]): string => textAt(document, ...path) ?? ''
  const issuer = at('issuer', 'id')
  if (!isRin(issuer)) fired.add('EG-PARTY-01', 'issuer.id', { value: issuer })
  issued(at('dateTimeIssued'), 'dateTimeIssued', now, fired)
  activity(at('taxpayerActivityCode'), 'taxpayerActivityCode', at('dateTimeIssued'), fired)
  for (const party of ['issuer', 'receiver']) country(textAt(document, party, 'address', 'country'), `${party}.address.country`, fired)
  receiverRules(document, issuer, now, fired)
  const kind = at('documentType').toUpperCase()
  if (kind.startsWith('E') && at('receiver', 'type') !== 'F') fired.add('EG-EXPORT-01', 'receiver.type')
  if (/[CD]$/.test(kind) && itemsOf(memberOf(document, 'references')).length === 0) fired.add('EG-NOTE-01', 'references', {}, 'warning')
  for (const [index, line] of itemsOf(memberOf(document, 'invoiceLines')).entries()) {
    const place = `invoiceLines[${String(index)}]`
    lineRules(line, place, issuer, fired)
    const sold = textAt(line, 'unitValue', 'currencySold') ?? ''
    currency(sold, `${place}.unitValue.currencySold`, fired)
    const rated = textAt(line, 'unitValue', 'amountSold') !== undefined && textAt(line, 'unitValue', 'currencyExchangeRate') !== undefined
    if (sold !== 'EGP' && !rated) fired.add('EG-CURRENCY-03', `${place}.unitValue`, { currency: sold })
  }
  taxTotals(document, fired)
  if (at('documentTypeVersion') === '0.9') fired.add('EG-VERSION-TRIAL', 'documentTypeVersion', {}, 'warning')
  // A document may be checked before it is signed.
  else if (memberOf(document, 'signatures') === undefined) fired.add('EG-SIGNATURE-ABSENT', 'signatures', {}, 'warning')
}

function receiverRules(document: LiteralValue, issuer: string, now: Date, fired: Fired): void {
  const id = textAt(document, 'receiver', 'id')
  const type = textAt(document, 'receiver', 'type')
  if (type === 'B') {
    if (!isRin(id ?? '')) fired.add('EG-PARTY-01', 'receiver.id', { value: id ?? '' })
    else if (id === issuer) fired.add('EG-PARTY-02', 'receiver.id')
    for (const field of ['country', 'governate', 'regionCity', 'street', 'buildingNumber']) {
      if ((textAt(document, 'receiver', 'address', field) ?? '') === '') fired.add('EG-ADDRESS-01', `receiver.address.${field}`, { field })
    }
    if ((textAt(document, 'receiver', 'name') ?? '') === '') fired.add('EG-PARTY-06', 'receiver.name')
  }
  if (type === 'P') nationalId(id, 'receiver.id', now, fired)
  if (type === 'F' && (id ?? '') === '') fired.add('EG-PARTY-07', 'receiver.id')
}

function receiptRules(receipt: LiteralValue, now: Date, fired: Fired): void {
  const at = (...path: readonly string[]): string => textAt(receipt, ...path) ?? ''
  const computed = receiptUuid(receipt)
  if (at('header', 'uuid').toLowerCase() !== computed)
    fired.add('EG-RECEIPT-UUID', 'header.uuid', { stated: at('header', 'uuid'), computed })
  const seller = at('seller', 'rin')
  if (!isRin(seller)) fired.add('EG-PARTY-01', 'seller.rin', { value: seller })
  issued(at('header', 'dateTimeIssued'), 'header.dateTimeIssued', now, fired)
  activity(at('seller', 'activityCode'), 'seller.activityCode', at('header', 'dateTimeIssued'), fired)
  country(textAt(receipt, 'seller', 'branchAddress', 'country'), 'seller.branchAddress.country', fired)
  currency(at('header', 'currency'), 'header.currency', fired)
  const buyer = textAt(receipt, 'buyer', 'id')
  if (at('buyer', 'type') === 'P') nationalId(buyer, 'buyer.id', now, fired)
  if (at('buyer', 'type') === 'B' && !isRin(buyer ?? '')) fired.add('EG-PARTY-01', 'buyer.id', { value: buyer ?? '' })
  for (const [index, line] of itemsOf(memberOf(receipt, 'itemData')).entries()) {
    lineRules(line, `itemData[${String(index)}]`, seller, fired)
  }
  taxTotals(receipt, fired)
}

/** Goods, unit and taxes of a line. */
function lineRules(line: LiteralValue, place: string, owner: string, fired: Fired): void {
  const type = textAt(line, 'itemType') ?? ''
  const code = textAt(line, 'itemCode') ?? ''
  // Samples of the authority's first years name the classification itself.
  if (type !== 'GS1' && type !== 'EGS') fired.add('EG-ITEM-04', `${place}.itemType`, { type }, 'warning')
  if (type === 'EGS') {
    if (readItemCode(code)?.type !== 'EGS') fired.add('EG-ITEM-01', `${place}.itemCode`, { code })
    // The code of another may be used once the authority has allowed it: not to be seen in the file.
    else if (ownerOf(code) !== owner) fired.add('EG-ITEM-03', `${place}.itemCode`, { code }, 'warning')
  } else if (type === 'GS1' && !isGtin(code) && !isBrick(code)) fired.add('EG-ITEM-02', `${place}.itemCode`, { code })
  const unit = textAt(line, 'unitType') ?? ''
  if (!isUnit(unit)) fired.add('EG-UNIT-01', `${place}.unitType`, { unit })
  for (const [index, tax] of itemsOf(memberOf(line, 'taxableItems')).entries()) {
    taxRules(tax, `${place}.taxableItems[${String(index)}]`, fired)
  }
}

function taxRules(tax: LiteralValue, place: string, fired: Fired): void {
  const type = textAt(tax, 'taxType') ?? ''
  const code = textAt(tax, 'subType') ?? ''
  const rate = textAt(tax, 'rate') ?? '0'
  const subtype = subtypeOf(code)
  if (subtype === undefined) fired.add('EG-TAX-01', `${place}.subType`, { tax: code })
  else if (subtype.type !== type) fired.add('EG-TAX-05', `${place}.subType`, { tax: code, type, own: subtype.type })
  else if (subtype.rate !== null && !subtype.fixed && compare(rate, subtype.rate) !== 0) {
    fired.add('EG-TAX-06', `${place}.rate`, { tax: code, rate, own: subtype.rate }, 'warning')
  }
  if (compare(rate, '100') > 0) fired.add('EG-TAX-04', `${place}.rate`, { rate })
}

function taxTotals(document: LiteralValue, fired: Fired): void {
  const seen = new Set<string>()
  for (const [index, total] of itemsOf(memberOf(document, 'taxTotals')).entries()) {
    const type = textAt(total, 'taxType') ?? ''
    if (seen.has(type)) fired.add('EG-TAX-07', `taxTotals[${String(index)}].taxType`, { type })
    seen.add(type)
  }
}

function issued(text: string, place: string, now: Date, fired: Fired): void {
  const time = Date.parse(text)
  // Thirty days of February are of the right shape and no day.
  if (Number.isNaN(time) || `${new Date(time).toISOString().slice(0, 19)}Z` !== text)
    fired.add('EG-JSON-VALUE', place, { path: place, value: text })
  else if (time > now.getTime() + clockDifferenceMs) fired.add('EG-DATE-01', place)
}

function activity(code: string, place: string, day: string, fired: Fired): void {
  if (activityOn(code, day.slice(0, 10)) === undefined) fired.add('EG-ACTIVITY-01', place, { code })
}

function country(code: string | undefined, place: string, fired: Fired): void {
  if (code !== undefined && !isCountry(code)) fired.add('EG-ADDRESS-02', place, { country: code })
}

function currency(code: string, place: string, fired: Fired): void {
  if (!isCurrency(code)) fired.add('EG-CURRENCY-02', place, { currency: code })
}

function nationalId(id: string | undefined, place: string, now: Date, fired: Fired): void {
  if (id !== undefined && id !== '' && !isNationalId(id, cairoDay(now))) fired.add('EG-PARTY-03', place, { value: id })
}
