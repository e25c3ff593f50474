import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { CompanyContext } from '../../../../core/access/context.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { startTestHost, type TestHost } from '../../../../test/helpers/test-host.js'
import type { TemplateFieldInput } from '../../models/field.js'
import type { Template } from '../../models/template.js'
import { readTemplate, readVersion } from '../../services/template-rows.js'
import { createTextTemplate } from '../create-template.js'
import { findConverter } from '../docx/convert-docx.js'
import {
  deleteTemplates,
  duplicateTemplate,
  listVersions,
  renameTemplate,
  saveRoles,
  saveText,
  setTemplateActive,
} from '../manage-templates.js'
import { materialise } from '../materialise.js'
import { replaceDocument, uploadTemplate } from '../upload/upload-template.js'
import { editableVersion, markUsed, saveFields } from '../versions.js'
import { contractSample } from './contract-sample.js'
import { arabicParagraph, docx } from './docx-sample.js'
import { paperOf } from './paper.js'

describe('templates of documents to sign', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let onePage: Buffer
  let threePages: Buffer

  before(async () => {
    running = await startTestHost()
    const failed = running.report.modules.find((module) => module.name === 'signatures')
    assert.equal(failed?.state, 'installed', JSON.stringify(failed?.fault))
    context = await running.company()
    await running.host.modules.enable(context, 'signatures')
    onePage = await paperOf(running.host, 1)
    threePages = await paperOf(running.host, 3)
  })
  after(() => running.stop())

  const inCompany = <Result>(work: Parameters<typeof running.host.db.company<Result>>[1]): Promise<Result> =>
    running.host.db.company(context.companyId, work)
  const template = (id: string): Promise<Template> => inCompany((transaction) => readTemplate(transaction, id))
  const upload = (bytes: Buffer, name = 'عقد.pdf'): Promise<string> =>
    uploadTemplate(running.host, context, { name: '', file: { name, mediaType: 'application/pdf', bytes } })
  const writeText = (origin?: string): Promise<string> => {
    const { content, roles } = contractSample(['ar', 'en'])
    return inCompany((transaction) =>
      createTextTemplate(running.host, transaction, context, {
        name: 'عقد عمل',
        locale: 'ar',
        content,
        roles,
        ...(origin === undefined ? {} : { origin }),
      }),
    )
  }
  const field = (id: string, page: number, more: Partial<TemplateFieldInput> = {}): TemplateFieldInput => ({
    id,
    type: 'text',
    role: 'signer',
    areas: [{ page, x: 0.1, y: 0.1, width: 0.2, height: 0.03 }],
    ...more,
  })
  const roles = [{ id: 'signer', name: 'الموقّع' }]
  const fault = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work
      return 'none'
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return error.details.map(({ code, path }) => [code, path].join(' ').trim()).join(', ')
    }
  }

  it('keep an uploaded PDF byte for byte, under its own name', async () => {
    const made = await template(await upload(threePages))
    assert.equal(made.name, 'عقد')
    assert.deepEqual(made.current.content, { kind: 'pdf', fileName: 'عقد.pdf' })
    assert.deepEqual(
      made.current.pages.map(({ width, height }) => [Math.round(width), Math.round(height)]),
      Array(3).fill([595, 842]),
    )
    assert.deepEqual(
      made.current.roles.map(({ id, name }) => [id, name]),
      [['signer', 'الموقّع']],
    )
    const { pdf } = await materialise(running.host, context, made.current, {})
    assert.ok(pdf.equals(threePages))
  })

  it('refuse files that are not what they are called, or cannot be signed', async () => {
    assert.equal(await fault(upload(Buffer.alloc(0))), 'SIGNATURES-UPLOAD-EMPTY file')
    assert.equal(await fault(upload(Buffer.from('MZ\x90 a program'))), 'SIGNATURES-UPLOAD-TYPE file')
    assert.equal(await fault(upload(docx())), 'SIGNATURES-UPLOAD-NAME file')
    assert.equal(await fault(upload(onePage, 'contract.docx')), 'SIGNATURES-UPLOAD-NAME file')
    assert.match(await fault(upload(onePage.subarray(0, 200))), /^SIGN-UPLOAD-\S+ file$/)
  })

  it('take roles and fields from tags in the words of the document', async () => {
    const tagged = await paperOf(
      running.host,
      1,
      '{{signature;role=Tenant}}\n\n{{City;type=text;role=Tenant;required=false}}\n\n{{signature, r2}}',
    )
    const { current } = await template(await upload(tagged))
    assert.deepEqual(
      current.fields.map(({ type, required, label }) => [type, required, label]),
      [
        ['signature', true, ''],
        ['text', false, 'City'],
        ['signature', true, ''],
      ],
    )
    assert.equal(new Set(current.fields.map(({ role }) => role)).size, 2)
    assert.equal(current.roles[0]?.name, 'Tenant')
    // The tags are covered: what is signed has no braces on its page.
    const { pdf } = await materialise(running.host, context, current, {})
    assert.ok(pdf.subarray(0, tagged.length).equals(tagged))
    const untagged = darkOf(await paperOf(running.host, 1, ' '))
    assert.ok(darkOf(tagged) > untagged + 300)
    assert.ok(Math.abs(darkOf(pdf) - untagged) < 40, `${darkOf(pdf)} beside ${untagged}`)
  })

  it('are made from Word documents, whose source is kept', async function () {
    if ((await findConverter()) === undefined) this.skip()
    const bytes = docx({ body: arabicParagraph('عقد عمل') })
    const made = await template(await upload(bytes, 'contract.docx'))
    assert.equal(made.current.pages.length, 1)
    const { content } = made.current
    assert.ok(content.kind === 'docx')
    const source = content.sourceSha256
    assert.ok((await inCompany((transaction) => running.host.files.get(transaction, source))).bytes.equals(bytes))
  })

  it('are never changed under a request: who edits a used version makes the next', async () => {
    const id = await upload(onePage)
    const first = (await template(id)).current
    const saved = await inCompany((transaction) =>
      saveFields(transaction, context, first.id, first.revision, { roles, fields: [field('city', 1)] }),
    )
    assert.deepEqual(saved, { versionId: first.id, revision: 2 })
    await inCompany((transaction) => markUsed(transaction, first.id))
    const next = await inCompany((transaction) => saveFields(transaction, context, first.id, 2, { roles, fields: [field('town', 1)] }))
    assert.notEqual(next.versionId, first.id)
    const before = await inCompany((transaction) => readVersion(transaction, first.id))
    assert.deepEqual(
      before.fields.map(({ id: name }) => name),
      ['city'],
    )
    const now = (await template(id)).current
    assert.deepEqual([now.id, now.number, now.used, now.fields.map(({ id: name }) => name)], [next.versionId, 2, false, ['town']])
    assert.equal(now.createdByName, context.actor.name)
    assert.deepEqual(
      (await inCompany((transaction) => listVersions(transaction, id))).map(({ number }) => number),
      [2, 1],
    )
    assert.equal((await inCompany((transaction) => editableVersion(transaction, id))).id, next.versionId)
  })

  it('tell the second of two who edit at once, and keep the work of the first', async () => {
    const id = await upload(onePage)
    const { current } = await template(id)
    const save = (name: string): Promise<unknown> =>
      inCompany((transaction) => saveFields(transaction, context, current.id, current.revision, { roles, fields: [field(name, 1)] }))
    const outcomes = await Promise.all([fault(save('one')), fault(save('two'))])
    assert.deepEqual(outcomes.sort(), ['SIGNATURES-TEMPLATE-CHANGED', 'none'])
    assert.equal((await template(id)).current.fields.length, 1)
    // A request that is made meanwhile keeps what it saw.
    await inCompany((transaction) => markUsed(transaction, current.id))
    assert.equal(await fault(save('three')), 'SIGNATURES-TEMPLATE-CHANGED')
  })

  it('refuse fields that could not be filled, with their places', async () => {
    const { current } = await template(await upload(onePage))
    const save = (fields: TemplateFieldInput[], of = roles): Promise<string> =>
      fault(inCompany((transaction) => saveFields(transaction, context, current.id, current.revision, { roles: of, fields })))
    assert.equal(await save([field('a', 2)]), 'SIGNATURES-FIELD-PAGE fields[0].areas[0].page')
    assert.equal(
      await save([field('a', 1, { areas: [{ page: 1, x: 0.9, y: 0.1, width: 0.2, height: 0.1 }] })]),
      'SIGNATURES-FIELD-OUTSIDE fields[0].areas[0]',
    )
    assert.equal(await save([field('a', 1), field('a', 1)]), 'SIGNATURES-FIELD-TWICE fields[1].id')
    assert.equal(await save([field('a', 1, { role: 'nobody' })]), 'SIGNATURES-FIELD-ROLE fields[0].role')
    assert.equal(await save([field('a', 1, { type: 'stamp' })]), 'SIGNATURES-FIELD-ROLE fields[0].role')
    assert.equal(await save([field('signature', 1)]), 'SIGNATURES-FIELD-RESERVED fields[0].id')
    assert.equal(await save([field('a', 1, { type: 'select' })]), 'SIGNATURES-FIELD-OPTIONS fields[0].options')
    assert.equal(
      await save([field('a', 1, { conditions: [{ field: 'b', operator: 'filled' }] })]),
      'SIGNATURES-FIELD-CONDITION fields[0].conditions[0].field',
    )
    assert.equal(await save([], [...roles, { id: 'company', name: 'x' }]), 'SIGNATURES-ROLE-RESERVED roles[1].id')
    assert.equal(await save([field('a', 1, { areas: [] })]), 'SIGNATURES-TEMPLATE-INVALID fields[0].areas')
    assert.equal(await save([field('a', 1, { type: 'stamp', role: 'company' })]), 'none')
  })

  it('take another document and keep the fields that still lie on a page', async () => {
    const id = await upload(threePages)
    const { current } = await template(id)
    const fields = [field('first', 1), field('third', 3), field('both', 1, { areas: [...field('x', 1).areas, ...field('x', 3).areas] })]
    await inCompany((transaction) => saveFields(transaction, context, current.id, current.revision, { roles, fields }))
    await inCompany((transaction) => markUsed(transaction, current.id))
    const lost = await replaceDocument(running.host, context, id, { name: 'new.pdf', mediaType: 'application/pdf', bytes: onePage })
    assert.deepEqual(lost, ['third'])
    const now = (await template(id)).current
    assert.deepEqual(
      [now.number, now.pages.length, now.fields.map(({ id: name, areas }) => [name, areas.length])],
      [
        2,
        1,
        [
          ['first', 1],
          ['both', 1],
        ],
      ],
    )
    const before = await inCompany((transaction) => readVersion(transaction, current.id))
    assert.ok((await materialise(running.host, context, before, {})).pdf.equals(threePages), 'requests under way keep the old document')
  })

  it('are renamed, copied, archived, taken out again and, unused, deleted', async () => {
    const id = await upload(onePage)
    await inCompany((transaction) => renameTemplate(transaction, id, '  عقد سنوي '))
    assert.equal((await template(id)).name, 'عقد سنوي')
    assert.equal(await fault(inCompany((transaction) => renameTemplate(transaction, id, ' '))), 'SIGNATURES-TEMPLATE-NAME name')
    const copy = await inCompany((transaction) => duplicateTemplate(running.host, transaction, context, id, 'نسخة'))
    assert.equal((await template(copy)).current.pdfSha256, (await template(id)).current.pdfSha256)
    await inCompany((transaction) => setTemplateActive(running.host, transaction, context, [id], false))
    assert.equal((await template(id)).active, false)
    await inCompany((transaction) => setTemplateActive(running.host, transaction, context, [id], true))
    assert.equal((await template(id)).active, true)
    await inCompany((transaction) => deleteTemplates(running.host, transaction, context, [copy]))
    assert.equal(await fault(template(copy)), 'SIGNATURES-TEMPLATE-UNKNOWN')
    const { current } = await template(id)
    await inCompany((transaction) => markUsed(transaction, current.id))
    assert.equal(
      await fault(inCompany((transaction) => deleteTemplates(running.host, transaction, context, [id]))),
      'SIGNATURES-TEMPLATE-USED',
    )
  })

  it('bring one active template for each code of a module', async () => {
    const id = await writeText('SA/contract')
    assert.equal(await fault(writeText('SA/contract')), 'SIGNATURES-TEMPLATE-ORIGIN')
    await inCompany((transaction) => setTemplateActive(running.host, transaction, context, [id], false))
    await writeText('SA/contract')
    assert.equal(
      await fault(inCompany((transaction) => setTemplateActive(running.host, transaction, context, [id], true))),
      'SIGNATURES-TEMPLATE-ORIGIN',
    )
  })

  it('are rendered with the values of each request when their text was written here', async () => {
    const { current } = await template(await writeText())
    assert.equal(current.pdfSha256, null)
    const { variables } = contractSample(['ar', 'en'])
    const { pdf, pages, fields } = await materialise(running.host, context, current, variables, { number: 'SIGN/2026/00001' })
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-')
    assert.ok(pages.length >= 3)
    assert.ok(fields.some(({ id, type }) => id === 'employee-signature' && type === 'signature'))
    assert.match(await fault(materialise(running.host, context, current, {})), /^SIGNATURES-VARIABLE-MISSING variables\.employee\.name/)
  })

  it('are saved from the editor of texts, and keep their roles when tags need them', async () => {
    const id = await writeText()
    const { current } = await template(id)
    const { content, roles: both } = contractSample(['ar', 'en'])
    const shorter = { ...content, clauses: content.clauses.slice(0, 3) }
    const saved = await inCompany((transaction) => saveText(running.host, transaction, context, current.id, id, current.revision, shorter))
    assert.equal(saved.revision, 2)
    assert.equal(
      await fault(inCompany((transaction) => saveText(running.host, transaction, context, current.id, id, 1, shorter))),
      'SIGNATURES-TEMPLATE-CHANGED',
    )
    const save = (list: typeof both): Promise<string> =>
      fault(inCompany((transaction) => saveRoles(running.host, transaction, context, id, undefined, list)))
    assert.match(await save(both.slice(1)), /^SIGNATURES-TAG-ROLE content\.clauses\[2\]\.body\.ar/)
    assert.equal(await save([...both, { id: 'witness', name: 'شاهد' }]), 'none')
    assert.deepEqual(
      (await template(id)).current.roles.map(({ id: role }) => role),
      ['employee', 'director', 'witness'],
    )
  })

  it('of another company are not there', async () => {
    const id = await upload(onePage)
    const stranger = await running.company()
    assert.equal(
      await fault(running.host.db.company(stranger.companyId, (transaction) => readTemplate(transaction, id))),
      'SIGNATURES-TEMPLATE-UNKNOWN',
    )
  })
})

/** Dark points of the first page as another program draws it. */
function darkOf(pdf: Buffer): number {
  const pgm = execFileSync('pdftoppm', ['-r', '72', '-gray', '-f', '1', '-l', '1', '-'], { input: pdf, maxBuffer: 10_000_000 })
  return pgm.subarray(20).filter((value) => value < 100).length
}
