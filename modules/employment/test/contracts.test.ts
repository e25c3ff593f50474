import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import { materialise, readTemplate } from '../../signatures/index.js'
import { contractTypeOf } from '../data/documents.js'
import { demoEmployee } from '../demonstration.js'
import { documentKinds } from '../models/contract-type.js'
import { employmentCountries, type EmploymentCountry } from '../models/employee.js'
import { templateFor } from '../services/contract-templates.js'
import { draftContract, prepareContract, sendContract, type ContractInput } from '../services/contracts.js'
import { applyCompleted, undoApplied } from '../services/completed.js'
import { findEmployee, readPay } from '../services/employees.js'
import { makeBulk, bulkOf, rowsOfEmployees, rowsOfFile, startBulk, runBulk } from '../services/bulk.js'
import { listDocuments } from '../services/document-list.js'
import { companyOf, startTestHost, type TestHost } from './running-host.js'

const emails = { employee: 'noura@example.com', representative: 'sami@example.com' }
/** Where the papers are put to be looked at, when asked for. */
const folder = process.env['KHATM_LOOK']

const inputs: Readonly<Record<(typeof documentKinds)[number], ContractInput>> = {
  offer: { kind: 'offer', values: { 'offer.validUntil': '2026-12-01' } },
  contract: { kind: 'contract' },
  amendment: {
    kind: 'amendment',
    effectiveFrom: '2027-01-01',
    changes: { 'pay.basic': '10000', site: 'جدة', siteEn: 'Jeddah' },
    values: { 'amendment.reasonAr': 'ترقية', 'amendment.reasonEn': 'promotion', 'amendment.reasonBg': 'повишение' },
  },
  confidentiality: { kind: 'confidentiality' },
}

describe('contracts', function () {
  this.timeout(180_000)
  let house: TestHost
  const contexts = new Map<EmploymentCountry, { context: CompanyContext; employeeId: string }>()
  const of = (country: EmploymentCountry): { context: CompanyContext; employeeId: string } => {
    const found = contexts.get(country)
    assert.ok(found)
    return found
  }

  before(async () => {
    house = await startTestHost({ sandbox: true, role: { web: true }, now: () => new Date('2026-11-22T08:00:00Z') })
    for (const country of employmentCountries) {
      const context = await companyOf(house, country)
      contexts.set(country, { context, employeeId: await demoEmployee(house.host, context, emails) })
    }
  })
  after(() => house.stop())

  for (const country of employmentCountries) {
    for (const kind of documentKinds) {
      it(`${country} ${kind}: rendered from the record, in two languages, with a place for both signatures`, async () => {
        const { context, employeeId } = of(country)
        const type = contractTypeOf(country, kind)
        const { version, prepared } = await house.host.db.company(context.companyId, async (transaction) => ({
          version: (await readTemplate(transaction, await templateFor(house.host, transaction, context, type))).current,
          prepared: await prepareContract(house.host, transaction, context, employeeId, inputs[kind]),
        }))
        assert.deepEqual(prepared.missing, [])
        assert.deepEqual(
          prepared.faults.filter(({ level }) => level !== 'warning'),
          [],
        )
        const { pdf, pages, fields } = await materialise(house.host, context, version, { ...prepared.variables })
        assert.deepEqual([...new Set(fields.filter((field) => field.type === 'signature').map((field) => field.role))].sort(), [
          'employee',
          'employer',
        ])
        const text = execFileSync('pdftotext', ['-', '-'], { input: pdf }).toString()
        assert.doesNotMatch(text, /\{\{|\}\}/)
        assert.doesNotMatch(text, /\.\./)
        // Each column in its own words: what is told in two languages stands in both.
        if (kind === 'contract' || kind === 'offer') {
          for (const name of ['Finance', ...(kind === 'contract' ? [prepared.variables['job.siteEn'] ?? '-'] : [])])
            assert.ok(text.includes(name), name)
          assert.doesNotMatch(text, /\bin (?:المالية|Финанси)|\bis (?:الرياض|София)/)
        }
        const { employee, pay } = await house.host.db.company(context.companyId, async (transaction) => ({
          employee: await findEmployee(transaction, employeeId),
          pay: await readPay(house.host, transaction, employeeId),
        }))
        assert.ok(employee)
        assert.match(text, new RegExp(employee.identityNumber ?? '-'))
        const pageTexts = text.split('\f').filter((page) => page.trim() !== '')
        // The page that is signed says something: never signatures alone.
        assert.ok(pageTexts.at(-1)?.includes('If the two texts differ'), pageTexts.at(-1))
        if (kind === 'amendment') assert.match(text.replace(/\s+/g, ' '), /basic wage: from [A-Z]{3} [\d,.]+ to [A-Z]{3} 10,000\.0+/)
        if (kind === 'contract') {
          assert.ok(type.clauses.length >= 12 && type.clauses.length <= 25)
          assert.match(text.replace(/\s/g, ''), new RegExp((pay.iban ?? '-').replace(/\s/g, '')))
        }
        assert.ok(pages.length >= 2 && pages.length <= 14, `${String(pages.length)} pages`)
        if (folder !== undefined) {
          mkdirSync(folder, { recursive: true })
          writeFileSync(join(folder, `${country}-${kind}.pdf`), pdf)
        }
      })
    }
  }

  const faultsOf = async (country: EmploymentCountry, input: ContractInput): Promise<string[]> => {
    const { context, employeeId } = of(country)
    const prepared = await house.host.db.company(context.companyId, (transaction) =>
      prepareContract(house.host, transaction, context, employeeId, input),
    )
    return prepared.faults.filter(({ level }) => level !== 'warning').map(({ code, path }) => `${code} ${path ?? ''}`)
  }

  it('what the law forbids and what is missing keeps it from being sent, with the place of the form', async () => {
    assert.deepEqual(await faultsOf('SA', { kind: 'contract', changes: { probationEnd: '2027-12-01' } }), [
      'EMPLOYMENT-LAW-PROBATION probationEnd',
    ])
    assert.deepEqual(await faultsOf('SA', { kind: 'amendment' }), [
      'EMPLOYMENT-VALUE-MISSING values.amendment.reasonAr',
      'EMPLOYMENT-VALUE-MISSING values.amendment.reasonEn',
      'EMPLOYMENT-AMENDMENT-EMPTY changes',
      'EMPLOYMENT-EFFECTIVE-MISSING effectiveFrom',
    ])
    const changed = { ...inputs.amendment, effectiveFrom: '2027-01-01' }
    assert.deepEqual(await faultsOf('SA', { ...changed, changes: { site: 'جدة', jobTitleEn: 'Director' } }), [
      'EMPLOYMENT-AMENDMENT-LANGUAGE changes.jobTitleAr',
      'EMPLOYMENT-AMENDMENT-LANGUAGE changes.siteEn',
    ])
    assert.deepEqual(await faultsOf('SA', { kind: 'offer' }), ['EMPLOYMENT-VALUE-MISSING values.offer.validUntil'])
  })

  it('one click: the request has the right signers in order, and its document belongs to the employee', async () => {
    const { context, employeeId } = of('SA')
    const request = await sendContract(house.host, context, employeeId, { kind: 'confidentiality' })
    assert.equal(request.state, 'sent')
    assert.deepEqual(
      request.signers.map(({ role, name, email, group, locale, state }) => [role, name, email, group, locale, state]),
      [
        ['employee', 'Noura Al-Harbi', 'noura@example.com', 1, 'ar', 'sent'],
        ['employer', 'Sami Al-Saleh', 'sami@example.com', 2, 'ar', 'waiting'],
      ],
    )
    const [document] = await house.host.db.company(context.companyId, (transaction) =>
      listDocuments(house.host, transaction, { employeeId, limit: 5 }),
    )
    assert.deepEqual([document?.kind, document?.standing, document?.request_id], ['confidentiality', 'waiting', request.id])
  })

  it('a value that was asked for is kept in the record; a second call with one key makes nothing new', async () => {
    const { context, employeeId } = of('EG')
    await house.host.db.company(context.companyId, (transaction) =>
      transaction.knex('employment_employee').where({ company_id: transaction.companyId, id: employeeId }).update({ site: null }),
    )
    assert.deepEqual(await faultsOf('EG', { kind: 'contract' }), ['EMPLOYMENT-VALUE-MISSING values.job.site'])
    const input: ContractInput = { kind: 'contract', values: { 'job.site': 'الإسكندرية' } }
    const make = (): Promise<string> =>
      house.host.db.company(context.companyId, (transaction) => draftContract(house.host, transaction, context, employeeId, input, 'row:1'))
    const first = await make()
    assert.equal(await make(), first)
    const employee = await house.host.db.company(context.companyId, (transaction) => findEmployee(transaction, employeeId))
    assert.equal(employee?.site, 'الإسكندرية')
  })

  it('an amendment changes the record when it is sealed and not before; it can be taken back, save what changed since', async () => {
    const { context, employeeId } = of('SA')
    const requestId = await house.host.db.company(context.companyId, (transaction) =>
      draftContract(house.host, transaction, context, employeeId, {
        ...inputs.amendment,
        changes: { 'pay.basic': '10000', site: 'جدة', siteEn: 'Jeddah', jobTitleAr: 'مدير مالي', jobTitleEn: 'Finance Manager' },
      }),
    )
    const read = () =>
      house.host.db.company(context.companyId, async (transaction) => {
        const employee = await findEmployee(transaction, employeeId)
        return [employee?.site, employee?.jobTitleEn, (await readPay(house.host, transaction, employeeId)).basic]
      })
    await applyCompleted(house.host, context, requestId)
    assert.deepEqual(await read(), ['الرياض', 'Senior Accountant', '9000.00'])
    // The request as it is once the seal stands; how it gets there is the matter of signatures.
    await house.host.db.company(context.companyId, (transaction) =>
      transaction
        .knex('signatures_request')
        .where({ company_id: transaction.companyId, id: requestId })
        .update({ state: 'sealed', head_sha256: 'x', sealed_sha256: 'x' }),
    )
    await applyCompleted(house.host, context, requestId)
    await applyCompleted(house.host, context, requestId)
    assert.deepEqual(await read(), ['جدة', 'Finance Manager', '10000.00'])
    const left = await house.host.db.company(context.companyId, async (transaction) => {
      await transaction.knex('employment_employee').where({ company_id: transaction.companyId, id: employeeId }).update({ site: 'الدمام' })
      const document = await transaction
        .knex<{ id: string; company_id: string; request_id: string }>('employment_document')
        .where({ company_id: transaction.companyId, request_id: requestId })
        .first('id')
      return undoApplied(house.host, transaction, context, document?.id ?? '')
    })
    assert.deepEqual(left, ['site'])
    assert.deepEqual(await read(), ['الدمام', 'Senior Accountant', '9000.00'])
  })

  it('two who send the first document of a kind at the same moment share its template', async () => {
    const context = await companyOf(house, 'EG')
    const people = [
      await demoEmployee(house.host, context, emails),
      await demoEmployee(house.host, context, { ...emails, employee: 'two@example.com' }),
    ]
    const made = await Promise.all(
      people.map((employeeId) =>
        house.host.db.company(context.companyId, (transaction) =>
          draftContract(house.host, transaction, context, employeeId, { kind: 'contract' }),
        ),
      ),
    )
    const used = await house.host.db.company(context.companyId, (transaction) =>
      transaction.knex('signatures_request').where('company_id', context.companyId).whereIn('id', made).distinct('template_id'),
    )
    assert.equal(used.length, 1)
  })

  it('many at once: rows are checked before, a killed job sends nobody twice, refused rows are told', async () => {
    const { context, employeeId } = of('KW')
    const second = await demoEmployee(house.host, context, { ...emails, employee: 'second@example.com' })
    const rows = await house.host.db.company(context.companyId, (transaction) =>
      rowsOfEmployees(transaction, [employeeId, '00000000-0000-4000-8000-000000000000', second], {}),
    )
    const bulkId = await makeBulk(house.host, context, 'confidentiality', rows)
    await house.host.db.company(context.companyId, (transaction) => startBulk(house.host, transaction, bulkId))
    // Killed between the sending and the counting of a row: the row is sent, the sending does not know.
    await sendContract(house.host, context, employeeId, { kind: 'confidentiality' }, `${bulkId}:0`)
    const call = { context, attempt: 1, maxAttempts: 1, signal: new AbortController().signal }
    await Promise.all([runBulk(house.host, bulkId, call), runBulk(house.host, bulkId, call)])
    const bulk = await house.host.db.company(context.companyId, (transaction) => bulkOf(transaction, bulkId))
    assert.deepEqual([bulk.state, bulk.done, bulk.sent, bulk.refused], ['done', 3, 2, 1])
    assert.deepEqual(
      bulk.results.map(({ faults }) => faults.map(({ code }) => code)),
      [[], ['EMPLOYMENT-EMPLOYEE-UNKNOWN'], []],
    )
    const made = await house.host.db.company(context.companyId, (transaction) => listDocuments(house.host, transaction, { limit: 50 }))
    assert.equal(made.filter(({ kind }) => kind === 'confidentiality').length, 2)
  })

  it('rows of a file: by number, with what differs; unknown and repeated numbers are told', async () => {
    const { context } = of('KW')
    const csv = Buffer.from('number;contract end;basic\nE0001;31/12/2027;1.300,500\nE0001;;\nnobody;;\n')
    const rows = await house.host.db.company(context.companyId, (transaction) => rowsOfFile(transaction, csv, 'amendment', 'bg'))
    assert.deepEqual(
      rows.map(({ input, faults }) => [input.changes, faults.map(({ code }) => code)]),
      [
        [{ contractEnd: '2027-12-31', 'pay.basic': '1300.500' }, []],
        [{}, ['EMPLOYMENT-BULK-TWICE']],
        [{}, ['EMPLOYMENT-BULK-UNKNOWN']],
      ],
    )
  })

  it('another company sees nothing of it', async () => {
    const { employeeId } = of('SA')
    const { context } = of('BG')
    const error: unknown = await house.host.db
      .company(context.companyId, (transaction) => prepareContract(house.host, transaction, context, employeeId, { kind: 'contract' }))
      .catch((caught: unknown) => caught)
    assert.ok(error instanceof Fault)
    assert.deepEqual([error.code, error.status], ['EMPLOYMENT-EMPLOYEE-UNKNOWN', 404])
  })
})
