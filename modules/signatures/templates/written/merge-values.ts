import type { Company } from '../../../../core/access/context.js'
import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'
import type { Digits, Locale } from '../../../../core/i18n/locale.js'
import { currencies } from '../../../../core/money/currencies.js'
import { formatDecimal, inDigits } from '../../../../core/money/format-amount.js'
import type { MergeField, TextContent } from '../../models/template.js'
import { builtInMerges, builtInTypes, builtInValue, type BuiltInMerge } from './built-in-merges.js'
import { parseLine, parseMarkdown } from './parse-markdown.js'
import { piecesOf } from './read-content.js'

/** A value on paper: `code` is one left-to-right piece (number, amount, date), `missing` stands for a value not told yet. */
export interface MergedValue {
  readonly v: string
  readonly kind: 'text' | 'code' | 'missing'
}

/** Values of one language by name. */
export type MergedValues = Readonly<Record<string, MergedValue>>

export interface MergeCase {
  readonly company: Company
  readonly digits: Digits
  readonly now: Date
  readonly variables: Readonly<Record<string, string>>
  /** A draft shows the names of values that are not told; otherwise a missing one is a fault. */
  readonly draft: boolean
}

/**
 * Values of all merge fields of a text, as each of its languages writes them. A value for one language alone is given under its name
 * followed by the language: `employee.name.ar` comes before `employee.name` in the Arabic column.
 * @throws Fault SIGNATURES-VARIABLE-MISSING, SIGNATURES-VARIABLE-INVALID with paths `variables.employee.salary`
 */
export function mergeValues(content: TextContent, merge: MergeCase): Partial<Record<Locale, MergedValues>> {
  const used = new Set(piecesOf(content).flatMap(({ text, line }) => [...(line ? parseLine(text) : parseMarkdown(text)).merges]))
  const faults: FaultDetail[] = []
  const merged: Partial<Record<Locale, MergedValues>> = {}
  for (const language of content.languages) {
    const values: Record<string, MergedValue> = {}
    for (const name of used) {
      const field = fieldOf(content, name)
      const label = field.label[language] ?? Object.values(field.label)[0] ?? name
      const raw = rawValue(name, language, merge)
      if (raw === '') {
        if (merge.draft) values[name] = { v: label, kind: 'missing' }
        else if (field.required) faults.push({ code: 'SIGNATURES-VARIABLE-MISSING', path: `variables.${name}`, params: { name: label } })
        else values[name] = { v: '', kind: 'text' }
        continue
      }
      const shown = showMerged(raw, field, { locale: language, digits: language === 'ar' ? merge.digits : 'latin' }, merge.company.currency)
      if (shown !== undefined) values[name] = shown
      else if (merge.draft) values[name] = { v: raw, kind: 'missing' }
      else faults.push({ code: 'SIGNATURES-VARIABLE-INVALID', path: `variables.${name}`, params: { name: label, value: raw.slice(0, 60) } })
    }
    merged[language] = values
  }
  // Of two languages one fault says enough.
  Fault.throwIfAny(faults.filter((fault, index) => faults.findIndex(({ path }) => path === fault.path) === index))
  return merged
}

function fieldOf(content: TextContent, name: string): MergeField {
  const declared = content.mergeFields.find((field) => field.name === name)
  if (declared !== undefined) return declared
  return { name, label: {}, type: isBuiltIn(name) ? builtInTypes[name] : 'text', required: true }
}

function rawValue(name: string, language: Locale, merge: MergeCase): string {
  const told = merge.variables[`${name}.${language}`] ?? merge.variables[name]
  if (told !== undefined && told.trim() !== '') return told.trim()
  return isBuiltIn(name) ? (builtInValue(name, merge.company, merge.now, language) ?? '') : ''
}

function isBuiltIn(name: string): name is BuiltInMerge {
  return (builtInMerges as readonly string[]).includes(name)
}

interface Column {
  readonly locale: Locale
  /** Of an Arabic column the company's; other scripts have their own. */
  readonly digits: Digits
}

/** A value as the language writes it; undefined when it is not of the field's type. */
export function showMerged(
  raw: string,
  field: Pick<MergeField, 'type' | 'currency'>,
  shown: Column,
  currency: string,
): MergedValue | undefined {
  switch (field.type) {
    case 'text':
      return {
        v: raw
          .split('\n')
          .map((line) => line.trim())
          .join(' '),
        kind: 'text',
      }
    case 'number': {
      if (!isDecimal(raw)) return undefined
      return { v: formatDecimal(raw, raw.split('.')[1]?.length ?? 0, shown.locale, shown.digits), kind: 'code' }
    }
    case 'money': {
      if (!isDecimal(raw)) return undefined
      return { v: moneyText(raw, field.currency ?? currency, shown), kind: shown.locale === 'ar' ? 'text' : 'code' }
    }
    case 'date':
      return dateText(raw, shown)
  }
}

function isDecimal(raw: string): boolean {
  return /^-?\d{1,30}(?:\.\d{1,12})?$/.test(raw)
}

/** Digits after the point, without the noughts at the end. */
function givenDecimals(raw: string): number {
  const digits = raw.split('.')[1] ?? ''
  let length = digits.length
  while (length > 0 && digits[length - 1] === '0') length -= 1
  return length
}

/** `SAR 3,500.00`, `3,500.00 ريال سعودي`, `35 000,00 EUR`: as contracts of the language write an amount. */
function moneyText(raw: string, currency: string, shown: Column): string {
  const known = currencies().find(({ code }) => code === currency)
  // Digits that were given are never rounded away.
  const decimals = Math.max(known?.minorUnits ?? 2, givenDecimals(raw))
  const amount = formatDecimal(raw, decimals, shown.locale, shown.digits)
  if (shown.locale === 'en') return `${currency}\u00a0${amount}`
  if (shown.locale === 'bg') return `${amount}\u00a0${currency}`
  return `${amount} ${known?.name.ar ?? currency}`
}

/** `1 December 2026`, `1 ديسمبر 2026`, `1 декември 2026 г.` */
function dateText(raw: string, shown: Column): MergedValue | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(raw)) return undefined
  const day = new Date(`${raw}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== raw) return undefined
  const tag = { ar: 'ar-u-ca-gregory-nu-latn', en: 'en-GB', bg: 'bg' }[shown.locale]
  const written = new Intl.DateTimeFormat(tag, { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' }).format(day)
  // Direction marks of Intl would be part of the text; paper isolates by itself.
  return { v: inDigits(written.replace(/[\u200e\u200f\u061c]/g, ''), shown.digits), kind: 'text' }
}
