import assert from 'node:assert/strict'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'

const login = { login: 'seal@designs.example', password: 'a long password of a test' }

describe('page of a saved design', function () {
  this.timeout(180_000)
  let running: TestHost
  after(() => running.stop())

  it('shows the seal at once, not a call to type the names that stand there', async () => {
    running = await startTestHost({ role: { web: true, worker: false }, config: { logLevel: 'error' } })
    const context = await running.company()
    await running.host.modules.enable(context, 'seal')
    await running.access.createUser({ ...login, name: 'Salma', locale: 'en' }, [{ companyId: context.companyId, groups: ['seal.manager'] }])
    const { port } = await running.listen()
    const client = new WebClient(`http://127.0.0.1:${String(port)}`)
    await client.login(login.login, login.password)
    const fresh = await client.get('/app/seal/designs/new')
    assert.equal(fresh.status, 200)
    const fields = {
      name: 'Round',
      shape: 'round',
      nameAr: 'شركة نيل بيبر',
      nameLatin: 'Nile Paper',
      caption: '',
      number: '100200',
      year: '',
    }
    const saved = await client.post('/app/seal/designs/new', { ...fields, colour: 'ink-blue', keyId: '' })
    assert.equal(saved.status, 303, saved.text.slice(0, 2000))
    const list = await client.get('/app/seal/designs')
    const [path = ''] = /\/app\/seal\/designs\/[0-9a-f]{8}-[0-9a-f-]{27}/.exec(list.text.replaceAll('&#x2F;', '/')) ?? []
    const page = await client.get(path)
    const preview = /id="seal-preview".*?<\/div>/s.exec(page.text)?.[0] ?? ''
    assert.match(preview, /<svg/)
  })
})
