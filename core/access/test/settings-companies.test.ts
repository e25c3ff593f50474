import assert from 'node:assert/strict'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import type { CompanyContext } from '../context.js'
import { suggestedFor } from '../country-suggestions.js'

const password = 'a long enough password'

describe('companies in the settings', function () {
  this.timeout(180_000)
  let running: TestHost
  let present: CompanyContext
  let client: WebClient

  before(async () => {
    running = await startTestHost({ role: { web: true } })
    const address = { street: 'شارع التحرير', additionalStreet: 'خلف البنك', city: 'القاهرة', region: 'القاهرة', country: 'EG' }
    present = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo', address })
    await running.access.createUser({ login: 'owner', name: 'Owner', password, locale: 'ar' }, [
      { companyId: present.companyId, groups: ['core.admin'] },
    ])
    client = new WebClient((await running.listen()).url)
    await client.login('owner', password)
  })
  after(() => running.stop())

  it('a saved form keeps every part of the address, the governorate and what has no field too', async () => {
    const path = `/app/settings/company/${present.companyId}`
    const { text } = await client.get(path)
    assert.match(text, /name="region"[^>]*value="القاهرة"|value="القاهرة"[^>]*name="region"/)
    const saved = await client.post(path, {
      name: 'Nile Paper',
      nameAr: 'نيل بيبر',
      country: 'EG',
      currency: 'EGP',
      timeZone: 'Africa/Cairo',
      locale: 'ar',
      digits: 'latin',
      street: 'شارع طلعت حرب',
      building: '',
      additionalNumber: '',
      district: '',
      city: 'القاهرة',
      region: 'القاهرة',
      postalCode: '',
    })
    assert.equal(saved.status, 303, saved.text)
    assert.deepEqual((await running.access.company(present.companyId)).address, {
      street: 'شارع طلعت حرب',
      additionalStreet: 'خلف البنك',
      city: 'القاهرة',
      region: 'القاهرة',
      country: 'EG',
    })
  })

  it('a number that is none of its country is refused beside its field, and nothing is saved', async () => {
    await running.host.modules.enable(present, 'contacts')
    await running.host.modules.enable(present, 'compliance-egypt')
    const before = await running.access.company(present.companyId)
    const refused = await client.post(`/app/settings/company/${present.companyId}`, {
      name: 'Nile Paper',
      country: 'EG',
      currency: 'EGP',
      timeZone: 'Africa/Cairo',
      locale: 'ar',
      digits: 'latin',
      'identifiers.n1.scheme': 'VAT',
      'identifiers.n1.value': '12345',
    })
    assert.equal(refused.status, 422)
    assert.match(refused.text, /EG-PARTY-01/)
    assert.match(refused.text, /href="#f-identifiers-[^"]*value"/)
    assert.deepEqual((await running.access.company(present.companyId)).identifiers, before.identifiers)
  })

  it('a new one begins in the country of the present one; another country brings its currency and time zone', async () => {
    assert.match((await client.get('/app/settings/company/new')).text, /<option value="EGP" selected>/)
    const answer = await client.post('/app/settings/company/new/compute', { country: 'BG', currency: 'EGP', timeZone: 'Africa/Cairo' })
    assert.equal(answer.status, 200)
    const { fields } = JSON.parse(answer.text) as { fields: Record<string, { value: string } | undefined> } // the page's own answer
    assert.deepEqual([fields['currency']?.value, fields['timeZone']?.value], ['EUR', 'Europe/Sofia'])
  })

  it('what a person chose himself stays, and a country without suggestions changes nothing', () => {
    assert.deepEqual(suggestedFor('EG', { currency: 'USD', timeZone: 'Asia/Riyadh' }), { currency: 'USD', timeZone: 'Africa/Cairo' })
    assert.deepEqual(suggestedFor('JP', { currency: 'SAR', timeZone: 'Asia/Riyadh' }), { currency: 'SAR', timeZone: 'Asia/Riyadh' })
  })

  it('a new company has what the law of its country needs, and its numbers are chosen by name', async () => {
    await running.host.modules.enable(present, 'contacts')
    assert.match((await client.get('/app/settings/company/new')).text, /<option value="CRN">السجل التجاري<\/option>/)
    const made = await client.post('/app/settings/company/new', {
      name: 'Horus Trading',
      nameAr: 'حورس للتجارة',
      code: 'horus',
      country: 'EG',
      currency: 'EGP',
      timeZone: 'Africa/Cairo',
      locale: 'ar',
      digits: 'latin',
      'identifiers.n1.scheme': 'VAT',
      'identifiers.n1.value': '900100200',
    })
    assert.equal(made.status, 303, made.text)
    const company = (await running.access.companies()).find(({ code }) => code === 'horus') ?? assert.fail()
    assert.deepEqual(company.identifiers, [{ scheme: 'VAT', value: '900100200' }])
    assert.ok((await running.host.modules.enabledFor(company.id)).has('compliance-egypt'))
  })
})
