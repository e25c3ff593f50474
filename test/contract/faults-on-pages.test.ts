import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { installationRoot } from '../../core/host/load-modules.js'

/**
 * A fault on a page is told by `faultOnPage`: in Arabic its numbers and days would else be drawn part by part from the right. The plain text is for
 * what no page shows; each of these files writes such a thing.
 */
const noPages: Readonly<Record<string, string>> = {
  'core/agent/terminal-desk.ts': 'a terminal',
  'core/cli': 'a terminal',
  'core/http/errors.ts': 'the API',
  'core/validation/plain-sentence.ts': 'a terminal',
  'modules/compliance/cli': 'a terminal',
  'modules/compliance/demo/run-demonstration.ts': 'a file of the demonstration',
  'modules/compliance-egypt/law/dossier-pdf.ts': 'a PDF, whose own template orders the directions',
  'modules/contacts/services/import/run-import.ts': 'a CSV file',
  'modules/employment/services/fault-text.ts': 'the plain text for the CSV file',
  'modules/invoicing/routes/invoice-pages.ts': 'a text file in an archive',
  'modules/invoicing/services/post-batch.ts': 'a CSV file',
  'modules/signatures/bulk/result.ts': 'a CSV file',
}

/** `i18n.fault(…)`, `texts.fault(…)`, `commandTexts().fault(…)`. */
const plain = /(?:i18n|[tT]exts(?:\(\))?)\.fault\(/

describe('faults on pages', () => {
  it('are told as a page tells them, in every file but those that write something else', () => {
    const using = ['core', 'modules'].flatMap(sources).filter((file) => plain.test(readFileSync(join(installationRoot, file), 'utf8')))
    const stray = using.filter((file) => !Object.keys(noPages).some((place) => file === place || file.startsWith(`${place}/`)))
    assert.deepEqual(stray, [])
    const unused = Object.keys(noPages).filter((place) => !using.some((file) => file === place || file.startsWith(`${place}/`)))
    assert.deepEqual(unused, [], 'no longer needed here')
  })
})

function sources(folder: string): string[] {
  return readdirSync(join(installationRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => relative('.', join(folder, file)).split(sep).join('/'))
    .filter((file) => file.endsWith('.ts') && !file.includes('/test/'))
}
