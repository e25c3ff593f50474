import Papa from 'papaparse'
import type { Host } from '../../../core/host/module.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { TemplateVersion } from '../models/template.js'
import type { BulkRow } from './bulk.js'
import { targetsOf } from './columns.js'

/** One line per row of the sheet: what became of it, and why it was refused. */
export function resultCsv(host: Host, locale: Locale, rows: readonly BulkRow[]): Buffer {
  const data = rows.map(({ row, state, requestId, input, faults }) => [
    String(row),
    state,
    input.signers.map(({ name }) => name).join('; '),
    input.signers.map(({ email }) => email ?? '').join('; '),
    requestId ?? '',
    faults.map(({ code }) => code).join('; '),
    faults.map(({ path }) => path ?? '').join('; '),
    faults.map((fault) => host.i18n.fault(locale, fault)).join('; '),
  ])
  return csv(['row', 'state', 'names', 'addresses', 'request', 'code', 'field', 'message'], data)
}

/** A table to fill in: the heads this template understands. */
export function sampleCsv(version: TemplateVersion): Buffer {
  const rare = /\.(?:pin|externalId)$|^request\./
  const heads = targetsOf(version)
    .filter(({ target }) => !rare.test(target))
    .map(({ heads: [head = ''] }) => head)
  return csv(heads, [])
}

function csv(fields: readonly string[], data: readonly (readonly string[])[]): Buffer {
  // A name that begins like a formula must not become one; the mark at the start tells spreadsheets that it is UTF-8.
  const text = Papa.unparse({ fields: [...fields], data: data.map((row) => [...row]) }, { escapeFormulae: true })
  return Buffer.from(`\ufeff${text}\r\n`)
}
