import { bdi } from './page.js'

function amountText(value, currency) {
  const [whole, part] = value.split('.')
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return `${grouped}${part === undefined ? '' : `.${part}`} ${currency}`
}

export const amount = (value, currency) => bdi(amountText(value, currency), { class: 'amount', dir: 'ltr' })

/** Decimal sums without floating point: amounts are strings with up to eight decimals. */
export function sums(offers) {
  const scale = 8
  const found = new Map()
  for (const offer of offers) {
    for (const use of offer.uses) {
      if (use.amount === null || !/^-?\d{1,18}(\.\d{1,8})?$/.test(use.amount.value)) continue
      const [whole, part = ''] = use.amount.value.replace('-', '').split('.')
      const units = BigInt(whole + part.padEnd(scale, '0')) * (use.amount.value.startsWith('-') ? -1n : 1n)
      found.set(use.amount.currency, (found.get(use.amount.currency) ?? 0n) + units)
    }
  }
  return [...found].map(([currency, units]) => {
    const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
    const part = digits.slice(-scale).replace(/0+$/, '').padEnd(2, '0')
    return { currency, value: `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${part}` }
  })
}
