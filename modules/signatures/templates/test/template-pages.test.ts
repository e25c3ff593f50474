import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../../test/helpers/test-host.js'
import { WebClient } from '../../../../test/helpers/web-client.js'
import { readTemplate } from '../../services/template-rows.js'
import { markUsed } from '../versions.js'
import { paperOf } from './paper.js'

const login = { login: 'hr@templates.example', password: 'a long password of a test' }

describe('pages of templates', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let client: WebClient

  before(async () => {
    running = await startTestHost({ role: { web: true, worker: false }, config: { logLevel: 'error' } })
    context = await running.company()
    await running.host.modules.enable(context, 'signatures')
    await running.access.createUser({ ...login, name: 'Salma', locale: 'en' }, [
      { companyId: context.companyId, groups: ['signatures.user'] },
    ])
    const { port } = await running.listen()
    client = new WebClient(`http://127.0.0.1:${String(port)}`)
    await client.login(login.login, login.password)
  })
  after(() => running.stop())

  async function upload(): Promise<string> {
    await client.get('/app/signatures/template/new')
    const answer = await client.upload('/app/signatures/template/new', {
      file: { name: 'lease.pdf', bytes: await paperOf(running.host, 1) },
    })
    assert.equal(answer.status, 303, answer.text.slice(0, 3000))
    const [, id = ''] = /template\/([^/]+)\/editor$/.exec(answer.location ?? '') ?? []
    return id
  }

  async function write(library = 'services', languages = 'ar-en'): Promise<string> {
    await client.get('/app/signatures/template/new')
    const answer = await client.post('/app/signatures/template/write', { library, languages, title: '' })
    assert.equal(answer.status, 303, answer.text.slice(0, 3000))
    return /template\/([^/]+)\/text$/.exec(answer.location ?? '')?.[1] ?? ''
  }

  it('take a document and lead to the editor of its fields; the list shows it', async () => {
    const id = await upload()
    const list = await client.get('/app/signatures/template')
    assert.ok(list.text.includes('lease') && list.text.includes(id))
    const form = await client.get(`/app/signatures/template/${id}`)
    assert.equal(form.status, 200)
    for (const part of [
      `/app/signatures/new?template=${id}`,
      `${id}/editor`,
      `${id}/replace`,
      `${id}/links`,
      'The template has no fields yet',
    ]) {
      assert.ok(form.text.replaceAll('&#x3D;', '=').includes(part), part)
    }
    const pdf = await client.get(`/app/signatures/template/${id}/pdf`)
    assert.equal(pdf.headers.get('content-type'), 'application/pdf')
  })

  it('say beside the field what is wrong with a file, and keep what was typed', async () => {
    await client.get('/app/signatures/template/new')
    const answer = await client.upload('/app/signatures/template/new', { file: { name: 'x.pdf', bytes: Buffer.from('no pdf at all') } })
    assert.equal(answer.status, 422)
    assert.match(answer.text, /id="file-fault"[\s\S]*neither a PDF nor a Word document/)
    const empty = await client.post('/app/signatures/template/new', { name: 'My lease' })
    assert.equal(empty.status, 422)
    assert.ok(empty.text.includes('value="My lease"') && empty.text.includes('Choose a file.'))
  })

  it('begin texts from the library in every choice of languages', async () => {
    for (const library of ['confidentiality', 'services', 'authorisation', '']) {
      for (const languages of ['ar', 'ar-en', 'bg-en']) {
        const id = await write(library, languages)
        const pdf = await client.get(`/app/signatures/template/${id}/pdf`)
        assert.equal(pdf.headers.get('content-type'), 'application/pdf', `${library} ${languages}`)
      }
    }
  })

  it('save roles in the form, with ids made of their names', async () => {
    const id = await write()
    const row = (key: string, name: string, more: Record<string, string> = {}): Record<string, string> =>
      Object.fromEntries(
        Object.entries({ name, group: '1', action: 'sign', level: 'simple', authentication: 'email-code', ...more }).map(
          ([column, value]) => [`roles.${key}.${column}`, value],
        ),
      )
    await client.get(`/app/signatures/template/${id}`)
    const fields = {
      name: 'Services',
      locale: 'en',
      ...row('r0', 'Client', { id: 'client' }),
      ...row('r1', 'Provider', { id: 'provider', group: '2' }),
      ...row('n1', 'Legal Dept', { action: 'approve' }),
    }
    const saved = await client.post(`/app/signatures/template/${id}`, fields)
    assert.equal(saved.status, 303, saved.text.slice(0, 4000))
    const template = await running.host.db.company(context.companyId, (transaction) => readTemplate(transaction, id))
    assert.equal(template.name, 'Services')
    assert.deepEqual(
      template.current.roles.map((role) => [role.id, role.name, role.action, role.group]),
      [
        ['client', 'Client', 'sign', 1],
        ['provider', 'Provider', 'sign', 2],
        ['legal-dept', 'Legal Dept', 'approve', 1],
      ],
    )
    const twice = await client.post(`/app/signatures/template/${id}`, { ...fields, ...row('n2', 'Client') })
    assert.equal(twice.status, 422)
    assert.ok(/SIGNATURES-ROLE-TWICE/.test(twice.text), (/k-faults[\s\S]{0,600}/.exec(twice.text) ?? ['no faults'])[0])
  })

  it('preview a text while it is typed, and save it under the version that was read', async () => {
    const id = await write()
    const { current } = await running.host.db.company(context.companyId, (transaction) => readTemplate(transaction, id))
    await client.get(`/app/signatures/template/${id}/text`)
    const here = `/app/signatures/template/${id}/text`
    const content = JSON.stringify({ ...current.content, prevailing: 'en' })
    const preview = await client.post(`${here}/preview`, { content })
    assert.equal(preview.headers.get('content-type'), 'application/pdf')
    const saved = await client.post(here, { content, versionId: current.id, revision: '1' })
    assert.deepEqual(JSON.parse(saved.text), { versionId: current.id, revision: 2 })
    const late = await client.post(here, { content, versionId: current.id, revision: '1' })
    assert.match(late.text, /SIGNATURES-TEMPLATE-CHANGED/)
    const wrong = await client.post(`${here}/preview`, { content: content.replace('{{fee}}', '{{fees}}') })
    assert.match(wrong.text, /"path":"content\.clauses\[2\]\.body\.ar","text":"The merge field fees is not known/)
    const broken = await client.post(here, { content: '{', versionId: current.id, revision: '2' })
    assert.match(broken.text, /SIGNATURES-TEXT-INVALID/)
    const deletion = `/app/signatures/template/${id}/action/delete`
    const offers = async () => (await client.get(`/app/signatures/template/${id}`)).text.replaceAll('&#x3D;', '=').includes(deletion)
    assert.equal(await offers(), true, 'an unused template may be deleted')
    await running.host.db.company(context.companyId, (transaction) => markUsed(transaction, current.id))
    assert.equal(await offers(), false, 'of a used one its requests are made: what would be refused is not offered')
    const next = await client.post(here, { content, versionId: current.id, revision: '2' })
    // Boundary: the page's own answer.
    const answer = JSON.parse(next.text) as { versionId: string; revision: number }
    assert.notEqual(answer.versionId, current.id)
    assert.ok((await client.get(`/app/signatures/template/${id}`)).text.includes('Used by requests'))
  })

  it('replace the document, copy and archive', async () => {
    const id = await upload()
    await client.get(`/app/signatures/template/${id}/replace`)
    const replaced = await client.upload(`/app/signatures/template/${id}/replace`, {
      file: { name: 'new.pdf', bytes: await paperOf(running.host, 2) },
    })
    assert.equal(replaced.location, `/app/signatures/template/${id}/editor`)
    const copied = await client.post(`/app/signatures/template/${id}/action/copy`, {})
    assert.match(copied.location ?? '', /\/app\/signatures\/template\/[0-9a-f-]{36}$/)
    assert.ok((await client.get(copied.location ?? '')).text.includes('lease (copy)'))
    await client.post(`/app/signatures/template/${id}/action/archive`, {})
    assert.ok(!(await client.get('/app/signatures/template')).text.includes(id))
    await client.post(`/app/signatures/template/${id}/action/unarchive`, {})
    assert.ok((await client.get('/app/signatures/template')).text.includes(id))
  })
})
