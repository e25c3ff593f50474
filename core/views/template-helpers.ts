import Handlebars from 'handlebars'
import { isLocale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import { formatDate, formatDecimal, formatMoment, type Presentation } from './format.js'
import { iconSvg } from './icons.js'

/** What helpers of templates need to write texts and amounts. */
export interface HelperTexts {
  readonly translator: Pick<Translator, 'text' | 'fault'>
  /** Decimals of a currency: 2 for SAR, 3 for KWD. */
  readonly decimalsOf: (currency: string) => number
}

interface HelperCall {
  readonly hash: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, unknown>>
}

function shownOf(call: HelperCall): Presentation {
  const { locale, digits, timeZone } = call.data ?? {}
  return {
    locale: isLocale(locale) ? locale : 'en',
    digits: digits === 'arabic-indic' ? 'arabic-indic' : 'latin',
    timeZone: typeof timeZone === 'string' ? timeZone : 'UTC',
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : ''
}

function parametersOf(hash: HelperCall['hash']): Record<string, string | number> {
  return Object.fromEntries(Object.entries(hash).map(([name, value]) => [name, typeof value === 'number' ? value : textOf(value)]))
}

function isolated(text: string): Handlebars.SafeString {
  return new Handlebars.SafeString(`<bdi>${Handlebars.escapeExpression(text)}</bdi>`)
}

/** Registers the whole list of helpers and answers their names; templates may use these and no other. */
export function registerHelpers(engine: typeof Handlebars, { translator, decimalsOf }: HelperTexts): readonly string[] {
  const helpers: Readonly<Record<string, Handlebars.HelperDelegate>> = {
    /** `{{t "invoicing.list.empty" count=3}}` */
    t: (key: unknown, call: HelperCall) => translator.text(shownOf(call).locale, textOf(key), parametersOf(call.hash)),
    /** `{{money total currency}}`: grouped amount, then the code. */
    money: (amount: unknown, currency: unknown, call: HelperCall) => {
      const code = textOf(currency)
      return isolated(`${formatDecimal(textOf(amount), shownOf(call), code === '' ? 2 : decimalsOf(code))}\u00a0${code}`.trim())
    },
    number: (value: unknown, call: HelperCall) => isolated(formatDecimal(textOf(value), shownOf(call))),
    date: (value: unknown, call: HelperCall) =>
      value instanceof Date || typeof value === 'string' ? isolated(formatDate(value, shownOf(call))) : '',
    datetime: (value: unknown, call: HelperCall) =>
      value instanceof Date || typeof value === 'string' ? isolated(formatMoment(value, shownOf(call))) : '',
    bdi: (value: unknown) => isolated(textOf(value)),
    icon: (name: unknown) => new Handlebars.SafeString(iconSvg(textOf(name))),
    json: (value: unknown) => new Handlebars.SafeString(Handlebars.escapeExpression(JSON.stringify(value ?? null))),
    eq: (one: unknown, other: unknown) => one === other,
    not: (value: unknown) => value === false || value === undefined || value === null || value === '' || value === 0,
    or: (...values: unknown[]) =>
      values.slice(0, -1).find((value) => value !== undefined && value !== null && value !== '' && value !== false),
    and: (...values: unknown[]) =>
      values.slice(0, -1).every((value) => value !== undefined && value !== null && value !== '' && value !== false),
    asset: (name: unknown, call: HelperCall) => `${textOf(call.data?.['assets'])}/${textOf(name)}`,
  }
  for (const [name, helper] of Object.entries(helpers)) engine.registerHelper(name, helper)
  return Object.keys(helpers)
}
