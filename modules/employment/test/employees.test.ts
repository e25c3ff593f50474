import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import { employmentData, check, lawValueOn } from '../data/documents.js'
import saudiLaws from '../data/SA/laws.json' with { type: 'json' }
import { demoEmployee } from '../demonstration.js'
import { findEmployee, readPay, saveEmployee } from '../services/employees.js'
import { checkTerms, lastDayOf } from '../services/law-checks.js'
import { createImport, importOf, previewImport, startImport, tableOf } from '../services/import.js'
import { remind, reachedStep } from '../services/reminders.js'
import { companyOf, startTestHost, type TestHost } from './running-host.js'

const terms = {
  country: 'SA',
  startDate: '2026-12-01',
  probationEnd: null,
  contractKind: 'indefinite',
  contractEnd: null,
  hoursWeek: '48',
  leaveDays: 21,
  noticeDays: 60,
  nationality: 'SA',
} as const
const codes = (changes: Partial<Parameters<typeof checkTerms>[0]>): string[] =>
  checkTerms({ ...terms, ...changes }, '2026-11-22', 'en').map(({ code, level }) => `${code} ${level ?? 'error'}`)

describe('employment: law as data', () => {
  it('four countries, four documents each, every merge field is filled by something', () => {
    const { types, laws } = employmentData()
    assert.equal(types.length, 16)
    assert.deepEqual(laws.map(({ country }) => country).sort(), ['BG', 'EG', 'KW', 'SA'])
    for (const { laws: rows } of laws) for (const row of rows) assert.ok(row.status === 'confirmed' ? row.source.length > 0 : true)
  })
  it('what is wrong in the data is found when the module is set up', () => {
    const twice = { ...saudiLaws, laws: saudiLaws.laws.map((row) => (row.topic === 'probation.maximum' ? { ...row, to: null } : row)) }
    assert.throws(() => check([], [twice]), /two values hold on 2025-02-19/)
    const [type] = employmentData().types
    const strange = { ...type, clauses: type?.clauses.map((clause) => ({ ...clause, body: { ar: '{{nobody.knows}}', en: 'x' } })) }
    assert.throws(() => check([strange], []), /nothing fills \{\{nobody\.knows\}\}/)
  })
  it('a rule holds from its day: Saudi probation, Bulgarian currency, the copies of an Egyptian contract', () => {
    assert.equal(lawValueOn('EG', '2025-08-31', 'contract.copies')?.value, 3)
    assert.equal(lawValueOn('EG', '2025-09-01', 'contract.copies')?.value, 4)
    assert.equal(lawValueOn('SA', '2026-11-22', 'notice.employee')?.value, 30)
  })
  it('probation over the maximum stops a contract and names the article', () => {
    assert.deepEqual(codes({ probationEnd: '2027-05-29' }), [])
    assert.deepEqual(codes({ probationEnd: '2027-05-30' }), ['EMPLOYMENT-LAW-PROBATION error'])
    const [fault] = checkTerms({ ...terms, probationEnd: '2027-06-30' }, '2026-11-22', 'en')
    assert.deepEqual(fault?.params, { law: 'Labor Law (M/51)', article: '53', most: 180, last: '2027-05-29' })
    assert.deepEqual(codes({ country: 'EG', probationEnd: '2027-03-01', nationality: 'EG' }), [
      'EMPLOYMENT-LAW-PROBATION error',
      'EMPLOYMENT-LAW-NOTICE warning',
    ])
    // Nobody read the six months of Bulgaria in the law itself: its row warns.
    assert.deepEqual(codes({ country: 'BG', nationality: 'BG', hoursWeek: '40', probationEnd: '2027-06-02' }), [
      'EMPLOYMENT-LAW-PROBATION warning',
    ])
  })
  it('terms: a foreigner in Saudi Arabia, hours, leave, ends', () => {
    assert.deepEqual(codes({ nationality: 'EG' }), ['EMPLOYMENT-LAW-FOREIGNER error'])
    assert.deepEqual(codes({ nationality: 'EG', contractKind: 'fixed', contractEnd: '2027-11-30' }), [])
    assert.deepEqual(codes({ hoursWeek: '49', leaveDays: 20 }), ['EMPLOYMENT-LAW-HOURS error', 'EMPLOYMENT-LAW-LEAVE error'])
    assert.deepEqual(codes({ contractKind: 'fixed' }), ['EMPLOYMENT-CONTRACT-END-MISSING error'])
    assert.deepEqual(codes({ contractKind: 'fixed', contractEnd: '2026-11-30' }), ['EMPLOYMENT-CONTRACT-END-BEFORE error'])
    const row = lawValueOn('EG', '2026-11-30', 'probation.maximum')
    assert.ok(row)
    assert.equal(lastDayOf(row, '2026-11-30'), '2027-02-27')
  })
  it('the nearest step that is reached is told', () => {
    assert.equal(reachedStep(61, [60, 30]), undefined)
    assert.equal(reachedStep(60, [60, 30]), 60)
    assert.equal(reachedStep(29, [60, 30]), 30)
    assert.equal(reachedStep(-1, [60, 30]), undefined)
  })
})

describe('employees', function () {
  this.timeout(180_000)
  let house: TestHost
  let context: CompanyContext
  let now = new Date('2026-11-22T08:00:00Z')

  before(async () => {
    house = await startTestHost({ now: () => now })
    const report = house.report.modules.find(({ name }) => name === 'employment')
    assert.equal(report?.state, 'installed', JSON.stringify(report?.fault))
    context = await companyOf(house)
  })
  after(() => house.stop())

  const emails = { employee: 'noura@example.com', representative: 'sami@example.com' }

  it('is a contact with job data; the pay is apart and the log tells no amounts', async () => {
    const id = await demoEmployee(house.host, context, emails)
    await house.host.db.company(context.companyId, async (transaction) => {
      const employee = await findEmployee(transaction, id)
      for (const none of ['-'.repeat(36), "'", 'x'.repeat(5000)]) assert.equal(await findEmployee(transaction, none), undefined)
      assert.equal(employee?.number, 'E0001')
      assert.equal(employee.nameAr, 'نورة الحربي')
      assert.deepEqual((await readPay(house.host, transaction, id)).basic, '9000.00')
      const events = await house.host.audit.of(transaction, { type: 'employment.employee', id }, 10)
      assert.deepEqual(
        events.map(({ action }) => action),
        ['employment.employee-created'],
      )
      assert.doesNotMatch(JSON.stringify(events), /9000/)
    })
  })

  it('refuses wrong numbers, IBANs and circles with the path of the field', async () => {
    const input = (job: object, pay?: object) => ({
      person: { name: 'A' },
      job: { country: 'SA', ...job },
      ...(pay === undefined ? {} : { pay }),
    })
    const refused = async (given: Parameters<typeof saveEmployee>[4]): Promise<string[]> => {
      const error: unknown = await house.host.db
        .company(context.companyId, (transaction) => saveEmployee(house.host, context, transaction, undefined, given))
        .catch((caught: unknown) => caught)
      assert.ok(error instanceof Fault)
      return error.details.map(({ code, path }) => `${code} ${path ?? ''}`)
    }
    assert.deepEqual(await refused(input({ identityType: 'sa-iqama', identityNumber: '1000000008' })), [
      'EMPLOYMENT-IDENTITY-SA-10 identityNumber',
    ])
    assert.deepEqual(await refused(input({ identityNumber: '1000000008' })), ['EMPLOYMENT-IDENTITY-TYPE-MISSING identityType'])
    assert.deepEqual(await refused(input({ number: 'E0001' })), ['EMPLOYMENT-NUMBER-TAKEN number'])
    assert.deepEqual(await refused(input({}, { currency: 'SAR', iban: 'SA00' })), ['EMPLOYMENT-IBAN iban'])
    assert.deepEqual(await refused(input({ contractKind: 'indefinite', contractEnd: '2027-01-01' })), [
      'EMPLOYMENT-CONTRACT-END-INDEFINITE contractEnd',
    ])
    assert.deepEqual(await refused({ person: { name: '' }, job: { country: 'SA' } }), ['EMPLOYMENT-NAME name'])
  })

  it('come from a table: a trial changes nothing, bad rows are told, known numbers are changed', async () => {
    const csv = [
      'الرقم الوظيفي,الاسم,المسمى الوظيفي,تاريخ المباشرة,نوع الهوية,رقم الهوية,الراتب الأساسي',
      'E0001,Noura Al-Harbi,مديرة حسابات,,,,٩٥٠٠',
      'X7,Huda Saleh,مصممة,01/12/2026,sa-national,1000000008,7000',
      'X8,Bad Row,مصمم,01/12/2026,sa-national,1000000009,7000',
    ].join('\n')
    const id = await house.host.db.company(context.companyId, (transaction) =>
      createImport(house.host, transaction, { name: 'موظفون.csv', bytes: Buffer.from(csv) }),
    )
    const [current, table] = await house.host.db.company(
      context.companyId,
      async (transaction) => [await importOf(transaction, id), await tableOf(house.host, transaction, id)] as const,
    )
    assert.deepEqual(current.mapping, ['number', 'name', 'jobTitleAr', 'startDate', 'identityType', 'identityNumber', 'basic'])
    const preview = await previewImport(house.host, context, table, current.mapping)
    assert.deepEqual(
      preview.faults.map(({ row, fault }) => [row, fault.code]),
      [[4, 'EMPLOYMENT-IDENTITY-SA-10']],
    )
    await house.host.db.company(context.companyId, (transaction) => startImport(house.host, transaction, id, current.mapping))
    await house.host.jobs.drain()
    await house.host.db.company(context.companyId, async (transaction) => {
      const { state, created, updated, failed } = await importOf(transaction, id)
      assert.deepEqual({ state, created, updated, failed }, { state: 'done', created: 1, updated: 1, failed: 1 })
      const { rows } = await transaction.knex.raw<{ rows: { number: string; title: string; start: string | null; basic: string }[] }>(
        'select number, job_title_ar as title, start_date as start, basic from employment_employee e join employment_pay p on p.employee_id = e.id where e.company_id = ? order by number',
        [transaction.companyId],
      )
      assert.deepEqual(rows, [
        { number: 'E0001', title: 'مديرة حسابات', start: '2026-12-06', basic: '9500.000' },
        { number: 'X7', title: 'مصممة', start: '2026-12-01', basic: '7000.000' },
      ])
    })
  })

  it('dates are told once, at the next step again, by one mail', async () => {
    const call = { context, attempt: 1, maxAttempts: 1, signal: new AbortController().signal }
    assert.equal(await remind(house.host, call), 0)
    // Probation of the demonstration's employee ends on 2027-03-05, fourteen days before it is told.
    now = new Date('2027-02-20T08:00:00Z')
    assert.equal(await remind(house.host, call), 1)
    assert.equal(await remind(house.host, call), 0)
    now = new Date('2028-10-06T08:00:00Z')
    assert.equal(await remind(house.host, call), 1)
    now = new Date('2028-11-06T08:00:00Z')
    assert.equal(await remind(house.host, call), 1)
    const rows = await house.host.db.company(context.companyId, (transaction) =>
      transaction
        .knex<{ topic: string; due: string; step: number; done_at: Date | null; company_id: string }>('employment_reminder')
        .where({ company_id: transaction.companyId })
        .orderBy('told_at')
        .select('topic', 'due', 'step', 'done_at'),
    )
    assert.deepEqual(
      rows.map(({ topic, due, step, done_at: done }) => [topic, due, step, done === null]),
      [
        ['probation', '2027-03-05', 14, true],
        ['contract', '2028-12-05', 60, false],
        ['contract', '2028-12-05', 30, true],
      ],
    )
    now = new Date('2026-11-22T08:00:00Z')
  })
})
