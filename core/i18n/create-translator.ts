import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInstance } from 'i18next'
import { z } from 'zod'
import { Fault, type FaultDetail } from './fault.js'
import { locales, type Locale } from './locale.js'
import { parametersOnPage } from './page-parameters.js'
import type { Translator } from './translator.js'

/** A folder with `ar.json`, `en.json` and `bg.json`, and whose texts they are. */
export interface TextFolder {
  /** Module name, or `core`. */
  readonly owner: string
  readonly folder: string
}

/** A text that cannot be used, and the module it belongs to. */
export type TextFault = { readonly owner: string; readonly fault: FaultDetail }

const textFile = z.record(z.string(), z.string())
type Texts = Record<Locale, Record<string, string>>

/** Text folders of the host itself: `core/i18n/locales` and every `core/<area>/i18n`. */
export function coreTextFolders(coreDir: string = join(import.meta.dirname, '..')): readonly TextFolder[] {
  const areas = readdirSync(coreDir, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'i18n')
  return [join(coreDir, 'i18n', 'locales'), ...areas.map((area) => join(coreDir, area.name, 'i18n'))]
    .filter(isTextFolder)
    .map((folder) => ({ owner: 'core', folder }))
}

/**
 * Reads all texts. A key that is missing in one language, a file that cannot be read or a key that two owners give is a
 * fault of its owner (I18N-KEY-MISSING, I18N-FILE, I18N-KEY-TAKEN); the texts of such an owner are left out.
 */
export function createTranslator(folders: readonly TextFolder[]): { translator: Translator; faults: readonly TextFault[] } {
  const faults: TextFault[] = []
  const owners = new Map<string, string>()
  const all: Texts = { ar: {}, en: {}, bg: {} }
  for (const { owner, folder } of folders) {
    if (!isTextFolder(folder)) continue
    const read = readTexts(folder)
    const fault = 'fault' in read ? read.fault : (missingKey(read.texts) ?? takenKey(read.texts, owner, owners))
    if (fault !== undefined) {
      faults.push({ owner, fault: { ...fault, params: { ...fault.params, module: owner, folder } } })
      continue
    }
    if ('fault' in read) continue
    for (const key of Object.keys(read.texts.en)) owners.set(key, owner)
    for (const locale of locales) Object.assign(all[locale], read.texts[locale])
  }
  return { translator: translatorOver(all), faults }
}

/** Translator of the host alone, for commands that fail before any module is read. */
export function createCoreTranslator(): Translator {
  const { translator, faults } = createTranslator(coreTextFolders())
  const first = faults[0]
  if (first !== undefined) throw new Fault(first.fault.code, { params: first.fault.params, status: 500 })
  return translator
}

function translatorOver(texts: Texts): Translator {
  const i18next = createInstance()
  // Texts are read already, so init has nothing to wait for; escaping is the template engine's work.
  void i18next.init({
    lng: 'en',
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
    interpolation: { escapeValue: false },
    resources: Object.fromEntries(locales.map((locale) => [locale, { translation: texts[locale] }])),
  })
  const text: Translator['text'] = (locale, key, params) => i18next.t(key, { lng: locale, ...params })
  const faultText: Translator['fault'] = (locale, fault) => {
    const key = `fault.${fault.code}`
    // A code without a text must still tell the reader everything that is known.
    if (!Object.hasOwn(texts[locale], key)) {
      const facts = Object.entries(fault.params ?? {}).map(([name, value]) => `${name}: ${value}`)
      return [fault.code, ...facts].join(' · ')
    }
    return text(locale, key, fault.params)
  }
  return {
    text,
    fault: faultText,
    faultOnPage: (locale, fault) => faultText(locale, { ...fault, params: parametersOnPage(locale, fault.params) }),
    pick: (locale, localized) => localized[locale],
  }
}

function isTextFolder(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.endsWith('.json'))
  } catch {
    return false
  }
}

function readTexts(folder: string): { texts: Texts } | { fault: FaultDetail } {
  const texts: Texts = { ar: {}, en: {}, bg: {} }
  for (const locale of locales) {
    const file = join(folder, `${locale}.json`)
    try {
      texts[locale] = textFile.parse(JSON.parse(readFileSync(file, 'utf8')))
    } catch (error) {
      return { fault: { code: 'I18N-FILE', params: { file, reason: error instanceof Error ? error.message : String(error) } } }
    }
  }
  return { texts }
}

function missingKey(texts: Texts): FaultDetail | undefined {
  for (const locale of locales) {
    for (const other of locales) {
      const key = Object.keys(texts[other]).find((candidate) => !Object.hasOwn(texts[locale], candidate))
      if (key !== undefined) return { code: 'I18N-KEY-MISSING', params: { key, locale } }
    }
  }
  return undefined
}

function takenKey(texts: Texts, owner: string, owners: ReadonlyMap<string, string>): FaultDetail | undefined {
  const key = Object.keys(texts.en).find((candidate) => owners.has(candidate) && owners.get(candidate) !== owner)
  return key === undefined ? undefined : { code: 'I18N-KEY-TAKEN', params: { key, owner: owners.get(key) ?? '' } }
}
