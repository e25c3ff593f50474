import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { until } from '../../../test/helpers/until.js'
import { demonstrationCompany } from '../../compliance/index.js'
import { signForDemonstration } from '../../signatures/index.js'
import { listDeliveries } from '../../signatures/webhooks/deliveries.js'
import { createWebhook } from '../../signatures/webhooks/endpoints.js'
import { demoEmployee, demoPapers } from '../demonstration.js'
import { sendContract } from '../services/contracts.js'
import { readPay } from '../services/employees.js'
import { companyOf, startTestHost, type TestHost } from './running-host.js'

const folder = process.env['KHATM_LOOK']

describe('a contract that is really signed and sealed', function () {
  this.timeout(180_000)
  let house: TestHost
  let company: Company
  let context: CompanyContext

  before(async () => {
    house = await startTestHost({ sandbox: true, role: { worker: true }, config: { allowedPrivateOrigins: ['http://127.0.0.1:1'] } })
    const made = await demonstrationCompany(house.host, 'demo-sa')
    assert.ok(made)
    company = made
    context = await house.access.systemContext(company.id, 'cli')
  })
  after(() => house.stop())

  it('two sign, the seal stands, every signature is valid here and for another program; a second run makes no second one', async () => {
    const [paper, ...more] = await demoPapers(house.host, { company })
    assert.ok(paper)
    assert.deepEqual(more, [])
    const verdict = await house.host.verifiers.verify(paper.fileName, paper.bytes, { trust: paper.trust })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.findings))
    assert.deepEqual(
      verdict.signatures.slice(0, 3).map(({ name, indication }) => [name, indication]),
      [
        ['employee.signature', 'TOTAL-PASSED'],
        ['employer.signature', 'TOTAL-PASSED'],
        ['company.seal', 'TOTAL-PASSED'],
      ],
    )
    const temporary = await temporaryFolder()
    try {
      const path = join(temporary.path, 'contract.pdf')
      writeFileSync(path, paper.bytes)
      const said = execFileSync('pdfsig', ['-nocert', path], { encoding: 'utf8', stdio: 'pipe' })
      assert.equal(said.match(/Signature is Valid/g)?.length, 3)
    } finally {
      await temporary.remove()
    }
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'sealed-contract.pdf'), paper.bytes)
    }
    const [again] = await demoPapers(house.host, { company })
    assert.ok(again?.bytes.equals(paper.bytes))
  })

  it('the seal of an amendment tells employment, and the record becomes what was agreed', async () => {
    const { host } = house
    const employeeId = await demoEmployee(host, context, { employee: 'second@demo.example', representative: 'manager@demo.example' })
    const basic = async (): Promise<string | null> =>
      (await host.db.company(company.id, (transaction) => readPay(host, transaction, employeeId))).basic
    const hook = await host.db.company(company.id, (transaction) =>
      createWebhook(host, transaction, context, { name: 'Payroll', url: 'http://127.0.0.1:1/hook', events: [] }),
    )
    const sent = await sendContract(host, context, employeeId, {
      kind: 'amendment',
      effectiveFrom: '2030-01-01',
      changes: { 'pay.basic': '10000' },
      values: { 'amendment.reasonAr': 'ترقية', 'amendment.reasonEn': 'promotion' },
    })
    assert.equal(await basic(), '9000.00')
    assert.equal((await signForDemonstration(host, context, sent.id)).state, 'sealed')
    // Told by `request.completed`, through a job of the worker: nobody calls it here.
    await until('employment was told', async () => (await basic()) !== '9000.00')
    assert.equal(await basic(), '10000.00')
    // Every step was told to the receiver, in order, and nothing of what stands in the document.
    const ofRequest = async (): Promise<{ event_type: string; body: string }[]> =>
      (await host.db.company(company.id, (transaction) => listDeliveries(transaction, hook.id)))
        .map(({ eventType, body }) => ({ event_type: eventType, body }))
        .filter(({ body }) => body.includes(sent.id))
        .reverse()
    await until('the receiver was told', async () => (await ofRequest()).length >= 7)
    const told = await ofRequest()
    assert.deepEqual(told.map(({ event_type }) => event_type).sort(), [
      'sign_request.completed',
      'sign_request.created',
      'sign_request.sent',
      'sign_request.signer.completed',
      'sign_request.signer.completed',
      'sign_request.viewed',
      'sign_request.viewed',
    ])
    for (const { body } of told) assert.doesNotMatch(body, /10,?000|9,?000|SA0380000000608010167519/)
  })

  it('a company that is not of the sandbox is signed for by nobody', async () => {
    const real = await companyOf(house)
    const { sandbox } = await house.access.company(real.companyId)
    if (sandbox) await house.access.updateCompany(real.companyId, { sandbox: false })
    const employeeId = await demoEmployee(house.host, real, { employee: 'real@example.test', representative: 'boss@example.test' })
    await assert.rejects(
      signForDemonstration(house.host, real, employeeId),
      (error: unknown) => error instanceof Fault && error.code === 'SIGNATURES-DEMONSTRATION',
    )
  })
})
