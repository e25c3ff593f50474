/** A code of goods or services as the authority knows it. */
export interface EtaItemCode {
  readonly type: 'GS1' | 'EGS'
  readonly code: string
}

/** GS1 says a code by its digits (GTIN-8 to GTIN-14, or a brick of the classification), the taxpayer's own by `EG-<RIN>-…`. */
export function readItemCode(code: string): EtaItemCode | undefined {
  if (/^EG-\d{9}-\S{1,80}$/.test(code)) return { type: 'EGS', code }
  if (/^\d+$/.test(code) && [8, 12, 13, 14].includes(code.length)) return { type: 'GS1', code }
  return undefined
}

/** The registration number an own code was registered by. */
export function ownerOf(code: string): string | undefined {
  return /^EG-(\d{9})-/.exec(code)?.[1]
}

/** Check digit of a GTIN (GS1 General Specifications 7.9): weights 3 and 1 from the right. */
export function isGtin(code: string): boolean {
  if (!/^\d{8}$|^\d{12,14}$/.test(code)) return false
  const digits = Array.from(code, Number).reverse()
  const total = digits.reduce((value, digit, index) => value + digit * (index % 2 === 0 ? 1 : 3), 0)
  return total % 10 === 0
}

/** Bricks of the Global Product Classification are eight digits that begin with 1 and carry no check digit. */
export function isBrick(code: string): boolean {
  return /^1\d{7}$/.test(code)
}
