import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Company } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { consentRow, type ConsentFacts, type ConsentRow } from '../models/consent.js'
import type { SignRequest } from '../models/request.js'

const folder = join(import.meta.dirname, '../data/consents')
const file = z.array(consentRow).min(1)

/** Every row of every law. @throws Fault SIGNATURES-CONSENT-DATA naming the file: read at boot, so a broken table stops the module */
export function readConsents(from = folder): ConsentRow[] {
  return readdirSync(from)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => {
      try {
        return file.parse(JSON.parse(readFileSync(join(from, name), 'utf8')))
      } catch (cause) {
        throw new Fault('SIGNATURES-CONSENT-DATA', { status: 500, params: { file: name }, cause })
      }
    })
}

/**
 * The words that hold on an ISO day of the company's zone: of the law the company chose, else of its country, else those of a plain agreement. Of several rows
 * of one law the newest that holds already.
 * @throws Fault SIGNATURES-CONSENT-LAW for a law nobody knows: nothing else is shown in its place
 */
export function consentFor(rows: readonly ConsentRow[], chosen: string, country: string, day: string): ConsentRow {
  const holding = rows.filter((row) => row.from <= day).sort((one, other) => other.from.localeCompare(one.from))
  const found =
    chosen === 'auto'
      ? (holding.find((row) => row.countries.includes(country)) ?? holding.find((row) => row.id === 'contract'))
      : holding.find((row) => row.id === chosen)
  if (found === undefined) throw new Fault('SIGNATURES-CONSENT-LAW', { status: 500, params: { law: chosen } })
  return found
}

/** The words as one signer reads them. */
export interface ShownConsent {
  readonly law: string
  readonly version: string
  readonly title: string
  readonly statement: string
  readonly disclosures: readonly { readonly heading: string; readonly text: string }[]
  readonly agreement: string
  readonly accessProof: boolean
  /** All of it, as one text. */
  readonly text: string
  readonly sha256: string
}

export function shownConsent(
  row: ConsentRow,
  locale: Locale,
  parts: { company: Company; request: Pick<SignRequest, 'name' | 'number' | 'replyTo'>; companyName: string },
): ShownConsent {
  const { company, request, companyName } = parts
  const values: Readonly<Record<string, string>> = {
    sender: companyName,
    contact: request.replyTo ?? company.email ?? company.phone ?? companyName,
    document: request.name,
    number: request.number,
  }
  const filled = (text: string): string => text.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => values[name] ?? '')
  const disclosures = row.disclosures.map((one) => ({ heading: one.heading[locale], text: filled(one.text[locale]) }))
  const title = row.article === '–' ? row.law[locale] : `${row.law[locale]} (${row.article})`
  const statement = filled(row.statement[locale])
  const agreement = filled(row.agreement[locale])
  const text = [title, statement, ...disclosures.map((one) => `${one.heading}\n${one.text}`), agreement].join('\n\n')
  return {
    law: row.id,
    version: row.from,
    title,
    statement,
    disclosures,
    agreement,
    accessProof: row.accessProof,
    text,
    sha256: createHash('sha256').update(text).digest('hex'),
  }
}

export function consentFacts(shown: ShownConsent, locale: Locale, at: Date): ConsentFacts {
  const { law, version, sha256, text, accessProof } = shown
  return { law, version, locale, sha256, text, at: at.toISOString(), accessProven: accessProof }
}
