import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { codesOf } from '../authority/codes.js'
import { importCodes } from '../authority/import-codes.js'
import { egyptianCompany } from './running-company.js'

const password = 'a long enough password'
const page = '/app/compliance-egypt/codes'

describe('codes of goods on their pages', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let client: WebClient
  const draft = {
    itemCode: 'A4',
    codeType: 'EGS',
    parentCode: '10000505',
    name: 'Copy paper',
    nameAr: 'ورق تصوير',
    activeFrom: '2026-11-01',
    activeTo: '',
  }

  before(async () => {
    running = await startTestHost({ sandbox: true, role: { web: true } })
    context = await egyptianCompany(running)
    await running.access.createUser({ login: 'nile', name: 'Manager', password, locale: 'en' }, [
      { companyId: context.companyId, groups: running.access.groups.list().map((group) => group.name) },
    ])
    client = new WebClient((await running.listen()).url)
    await client.login('nile', password)
  })
  after(() => running.stop())

  const stored = () => running.host.db.company(context.companyId, (transaction) => codesOf(transaction))

  it('a wrong classification is said at its field, and what was typed stays', async () => {
    const refused = await client.post(`${page}/new`, { ...draft, parentCode: '123' })
    assert.equal(refused.status, 422)
    assert.match(refused.text, /The GPC brick has eight digits/)
    assert.match(refused.text, /value="Copy paper"/)
    assert.equal((await stored()).length, 0)
  })

  it('a draft is added, changed and sent; what was sent is only read', async () => {
    const added = await client.post(`${page}/new`, draft)
    assert.equal(added.status, 303, added.text.slice(0, 2000))
    const [one] = await stored()
    assert.equal(one?.itemCode, 'EG-900100200-A4')
    assert.match((await client.get(page)).text, /Drafts not yet sent to the authority: 1/)
    await client.post(`${page}/${one.id}`, { ...draft, itemCode: one.itemCode, name: 'Copy paper A4' })
    assert.deepEqual(
      (await stored()).map(({ name, state }) => [name, state]),
      [['Copy paper A4', 'draft']],
    )
    // The button the page itself shows.
    const form = /action="([^"]*)"[^>]*>(?:(?!<\/form>)[\s\S])*?Send drafts/.exec((await client.get(page)).text)?.[1]
    assert.ok(form !== undefined)
    await client.post(form, { action: 'send' })
    const [sent] = await stored()
    assert.notEqual(sent?.state, 'draft')
    await client.post(`${page}/${one.id}`, { ...draft, itemCode: one.itemCode, name: 'Other' })
    assert.equal((await stored())[0]?.name, 'Copy paper A4')
  })

  it('a file with Arabic heads is read; every faulty row is told with its number, and nothing is added', async () => {
    const heads = 'الكود,النوع,تصنيف GPC (8 أرقام),الاسم بالإنجليزية,الاسم بالعربية,سارٍ من'
    const file = (...rows: string[]): Buffer => Buffer.from(`${[heads, ...rows].join('\n')}\n`)
    const good = 'PEN,EGS,10001235,Pens,أقلام,2026-11-22'
    const { added, faults } = await importCodes(
      running.host,
      context,
      file(
        good,
        'X,EGS,12,Ink,,2026-11-22',
        'EG-100200300-9,EGS,10001235,Ink,حبر,2026-11-22',
        '6223001234560,GS1,10001235,Ink,حبر,2026-11-22',
      ),
    )
    assert.equal(added, 0)
    assert.deepEqual(
      faults.map(({ code, path, params }) => [code, path, params?.['field'] ?? '']),
      [
        ['EG-CODE-ROW', 'rows[1]', 'parentCode, nameAr'],
        ['EG-CODE-FOREIGN', 'rows[2].itemCode', ''],
        ['EG-CODE-GS1', 'rows[3].itemCode', ''],
      ],
    )
    assert.ok(!(await stored()).some(({ itemCode }) => itemCode.endsWith('PEN')))
    const refused = await client.upload(`${page}-import`, { file: { name: 'codes.csv', bytes: file(good, 'X,EGS,12,Ink,,2026-11-22') } })
    assert.equal(refused.status, 422)
    assert.match(refused.text, /Row 3: [^<]*GPC brick \(8 digits\), Name in Arabic/)
    assert.deepEqual(await importCodes(running.host, context, file(good)), { added: 1, faults: [] })
  })

  it('a period no package can have is said on the page, and what was typed stays', async () => {
    const packages = '/app/compliance-egypt/packages'
    const refused = await client.post(packages, { kind: 'summary', format: 'CSV', dateFrom: '2026-11-20', dateTo: '2026-11-01' })
    assert.ok(refused.status >= 400)
    assert.match(refused.text, /id="package-problem"/)
    assert.match(refused.text, /value="2026-11-20"/)
    assert.match(refused.text, /<option selected>CSV/)
  })
})
