import { Fault } from '../i18n/fault.js'

/**
 * Exact arithmetic on decimal texts (`"1150.00"`): no floating point, no precision setting, no allocation of big objects.
 * Amounts that fit 15 digits are computed on safe integers, everything else on BigInt; both give the same text.
 * Faults: MONEY-DECIMAL for a text that is no decimal number.
 */

const safeDigits = 15
const powers: readonly number[] = Array.from({ length: safeDigits + 1 }, (_, exponent) => 10 ** exponent)
const pattern = /^-?\d+(?:\.\d+)?$/

function power(exponent: number): bigint {
  return 10n ** BigInt(exponent)
}

/** A text once read: its unscaled integer and the number of decimals. */
interface Parts {
  readonly value: string
  /** Place of the point; -1 without one. */
  readonly point: number
  readonly scale: number
  /** Digits, and the sign where there is one. */
  readonly size: number
  /** Exact as long as `size` is at most `safeDigits`; beyond it `bigOf` is asked. */
  readonly unscaled: number
}

function read(value: string): Parts {
  const length = value.length
  let point = -1
  let index = value.charCodeAt(0) === 45 ? 1 : 0
  if (index === length) refuse(value)
  const start = index
  let magnitude = 0
  for (; index < length; index += 1) {
    const code = value.charCodeAt(index)
    if (code === 46) {
      if (point !== -1 || index === start || index === length - 1) refuse(value)
      point = index
    } else if (code < 48 || code > 57) refuse(value)
    else magnitude = magnitude * 10 + code - 48
  }
  const unscaled = start === 0 ? magnitude : -magnitude
  if (point === -1) return { value, point, scale: 0, size: length, unscaled }
  return { value, point, scale: length - point - 1, size: length - 1, unscaled }
}

function exactOf(parts: Parts): number | bigint {
  return parts.size <= safeDigits ? parts.unscaled : bigOf(parts)
}

function bigOf({ value, point }: Parts): bigint {
  return BigInt(point === -1 ? value : value.slice(0, point) + value.slice(point + 1))
}

function refuse(value: string): never {
  throw new Fault('MONEY-DECIMAL', { params: { value: value.slice(0, 40) } })
}

function write(unscaled: number | bigint, scale: number): string {
  if (unscaled === 0 || unscaled === 0n) return scale === 0 ? '0' : `0.${'0'.repeat(scale)}`
  const text = unscaled.toString()
  if (scale === 0) return text
  const negative = text.charCodeAt(0) === 45
  const digits = (negative ? text.slice(1) : text).padStart(scale + 1, '0')
  const cut = digits.length - scale
  return `${negative ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}`
}

function plus(a: string, b: string, sign: 1 | -1): string {
  const left = read(a)
  const right = read(b)
  const scale = Math.max(left.scale, right.scale)
  const leftShift = scale - left.scale
  const rightShift = scale - right.scale
  if (left.size + leftShift < safeDigits && right.size + rightShift < safeDigits) {
    const shifted = left.unscaled * (powers[leftShift] ?? 1)
    return write(shifted + sign * right.unscaled * (powers[rightShift] ?? 1), scale)
  }
  return write(bigOf(left) * power(leftShift) + BigInt(sign) * bigOf(right) * power(rightShift), scale)
}

/** Sum, with the greater number of decimals: `add("1.5", "2.25")` is `"3.75"`. */
export function add(a: string, b: string): string {
  return plus(a, b, 1)
}

/** Difference, with the greater number of decimals. */
export function subtract(a: string, b: string): string {
  return plus(a, b, -1)
}

/** Exact product; its decimals are those of both factors together: `multiply("2", "100.00")` is `"200.00"`. */
export function multiply(a: string, b: string): string {
  return times(a, b, 0)
}

/** Product with its point moved further to the left. */
function times(a: string, b: string, further: number): string {
  const left = read(a)
  const right = read(b)
  const scale = left.scale + right.scale + further
  if (left.size + right.size <= safeDigits) return write(left.unscaled * right.unscaled, scale)
  return write(bigOf(left) * bigOf(right), scale)
}

/** Sum of a list; `"0"` for an empty one. */
export function sum(list: readonly string[]): string {
  let total = '0'
  for (const value of list) total = plus(total, value, 1)
  return total
}

/** Rounds half up (away from zero, as tax law and people round) to exactly `digits` decimals: `round("2.005", 2)` is `"2.01"`. */
export function round(value: string, digits: number): string {
  const parts = read(value)
  const { scale, size, unscaled } = parts
  if (scale <= digits) {
    if (scale === digits && isWritten(parts)) return value
    if (size + digits - scale <= safeDigits) return write(unscaled * (powers[digits - scale] ?? 1), digits)
    return write(bigOf(parts) * power(digits - scale), digits)
  }
  const drop = scale - digits
  if (size <= safeDigits && drop <= safeDigits) {
    const divisor = powers[drop] ?? 1
    const magnitude = Math.abs(unscaled)
    const rest = magnitude % divisor
    const quotient = (magnitude - rest) / divisor + (rest * 2 >= divisor ? 1 : 0)
    return write(unscaled < 0 ? -quotient : quotient, digits)
  }
  return write(divideHalfUp(bigOf(parts), power(drop)), digits)
}

/** Whether a text stands as `write` would write it: no sign, and no zero in front of another digit. */
function isWritten({ value, point, size }: Parts): boolean {
  const first = value.charCodeAt(0)
  return first !== 45 && (first !== 48 || point === 1 || size === 1)
}

/** As `round`: exactly `digits` decimals, for XML, JSON and print. `fixed("5", 2)` is `"5.00"`. */
export function fixed(value: string, digits: number): string {
  return round(value, digits)
}

/** Quotient rounded half up to `digits` decimals. @throws Fault MONEY-DIVISION-BY-ZERO */
export function divide(a: string, b: string, digits: number): string {
  const left = read(a)
  const right = read(b)
  const divisor = bigOf(right)
  if (divisor === 0n) throw new Fault('MONEY-DIVISION-BY-ZERO')
  const shift = digits + right.scale - left.scale
  const dividend = bigOf(left)
  const quotient = shift >= 0 ? divideHalfUp(dividend * power(shift), divisor) : divideHalfUp(dividend, divisor * power(-shift))
  return write(quotient, digits)
}

function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n
  const top = dividend < 0n ? -dividend : dividend
  const bottom = divisor < 0n ? -divisor : divisor
  const quotient = (top * 2n + bottom) / (bottom * 2n)
  return negative ? -quotient : quotient
}

/** `rate` per cent of a value, exact: `percent("200.00", "15")` is `"30.0000"`. */
export function percent(value: string, rate: string): string {
  return times(value, rate, 2)
}

/** -1, 0 or 1; `"1.0"` equals `"1"`. */
export function compare(a: string, b: string): -1 | 0 | 1 {
  const difference = plus(a, b, -1)
  if (difference.charCodeAt(0) === 45) return -1
  return isZero(difference) ? 0 : 1
}

/** Whether it is zero, of any scale and sign; false for what is no decimal. */
export function isZero(value: string): boolean {
  return /^-?0+(?:\.0+)?$/.test(value)
}

/** Whether so many decimals say the whole amount: nothing of it would be rounded away. */
export function hasDecimals(value: string, digits: number): boolean {
  return compare(round(value, digits), value) === 0
}

/** Whether it is below zero; `-0.00` is not. */
export function isNegative(value: string): boolean {
  return value.charCodeAt(0) === 45 && !isZero(value)
}

/** The number with the other sign and the same scale. @throws Fault MONEY-DECIMAL on what is no decimal */
export function negate(value: string): string {
  const parts = read(value)
  return write(-exactOf(parts), parts.scale)
}

/** Value without its sign. */
export function absolute(value: string): string {
  if (isNegative(value)) return negate(value)
  const parts = read(value)
  return write(exactOf(parts), parts.scale)
}

/** Without zeros that say nothing: `"15.00"` is `"15"`, `"2.50"` is `"2.5"`. */
export function trim(value: string): string {
  const parts = read(value)
  const { scale } = parts
  const text = write(exactOf(parts), scale)
  if (scale === 0) return text
  let end = text.length
  while (text.charCodeAt(end - 1) === 48) end -= 1
  return text.slice(0, text.charCodeAt(end - 1) === 46 ? end - 1 : end)
}

/** True for a text this file can compute with. */
export function isDecimalText(value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value)
}

/**
 * Splits an amount by weights without loss: the parts, each with `digits` decimals, add up to the amount. What rounding
 * leaves goes to the parts with the greatest remainders, the first of equals first.
 * @throws Fault MONEY-ALLOCATION when there is no weight above zero, a weight below it, or an amount finer than `digits`
 */
export function allocate(amount: string, weights: readonly string[], digits: number): string[] {
  const total = read(round(amount, digits))
  const scale = Math.max(0, ...weights.map((weight) => read(weight).scale))
  const shares = weights.map((weight) => bigOf(read(fixed(weight, scale))))
  const whole = shares.reduce((left, right) => left + right, 0n)
  if (whole <= 0n || shares.some((share) => share < 0n) || compare(amount, round(amount, digits)) !== 0) {
    throw new Fault('MONEY-ALLOCATION', { params: { amount } })
  }
  const units = bigOf(total)
  const magnitude = units < 0n ? -units : units
  const parts = shares.map((share, index) => ({ index, units: (magnitude * share) / whole, rest: (magnitude * share) % whole }))
  const left = Number(magnitude - parts.reduce((value, part) => value + part.units, 0n))
  const byRest = parts.toSorted((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))
  for (const part of byRest.slice(0, left)) part.units += 1n
  return parts.map((part) => write(units < 0n ? -part.units : part.units, digits))
}
