import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { createDocuments } from '../create-documents.js'
import type { Documents } from '../documents.js'

describe('document pool', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'khatm-templates-'))
  let documents: Documents

  before(() => {
    mkdirSync(path.join(folder, 'test'))
    for (const name of ['fine', 'crash', 'exit', 'memory', 'hang']) writeFileSync(path.join(folder, 'test', `${name}.typ`), '')
    documents = createDocuments(
      { documents: { workers: 2, recycleAfter: 10 } },
      { templatesDir: folder, timeoutMs: 5000, workerModule: new URL('./misbehaving-worker.mjs', import.meta.url) },
    )
  })
  after(async () => {
    await documents.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const render = (name: string, data: object = {}): Promise<string> =>
    documents
      .render({ template: `test/${name}`, data, locale: 'en', digits: 'latin', createdAt: new Date(0), title: '' })
      .then(({ pdf }) => pdf.toString())
  const code = (expected: string) => (error: unknown) => error instanceof Fault && error.code === expected

  it('fails only the document whose worker dies, hangs or runs out of memory', async function () {
    this.timeout(180_000)
    const fine = Array.from({ length: 40 }, (_, index) => render('fine', { index }))
    const bad = [
      assert.rejects(render('crash'), code('DOC-WORKER-LOST')),
      assert.rejects(render('exit'), code('DOC-WORKER-LOST')),
      assert.rejects(render('hang'), code('DOC-TIMEOUT')),
      assert.rejects(render('memory'), (error) => error instanceof Fault && ['DOC-WORKER-LOST', 'DOC-TIMEOUT'].includes(error.code)),
    ]
    const later = Array.from({ length: 40 }, (_, index) => render('fine', { index: index + 40 }))
    await Promise.all(bad)
    const texts = await Promise.all([...fine, ...later])
    assert.deepEqual(
      texts.map((text): unknown => JSON.parse(text)),
      texts.map((_, index) => ({ index })),
    )
  })

  it('takes nothing after it was closed, and says so to those who wait', async () => {
    const other = createDocuments(
      { documents: { workers: 1, recycleAfter: 10 } },
      { templatesDir: folder, workerModule: new URL('./misbehaving-worker.mjs', import.meta.url) },
    )
    const request = { template: 'test/hang', data: {}, locale: 'en', digits: 'latin', createdAt: new Date(0), title: '' } as const
    const waiting = [other.render(request), other.render(request)].map((one) => assert.rejects(one, code('DOC-CLOSED')))
    await other.close()
    await Promise.all(waiting)
    await assert.rejects(other.render(request), code('DOC-CLOSED'))
  })
})
