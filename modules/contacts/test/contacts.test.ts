import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ExcelJS from 'exceljs'
import Papa from 'papaparse'
import { configurationSchema } from '../../../config/schema.js'
import defaults from '../../../config/default.json' with { type: 'json' }
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { bootHost, type RunningHost } from '../../../core/host/boot.js'
import { Fault } from '../../../core/i18n/fault.js'
import { parseContact } from '../models/parse-contact.js'
import { escapeFormula, exportContacts } from '../services/export.js'
import { findContact, findContacts } from '../services/find-contacts.js'
import { guessMapping } from '../services/import/map-columns.js'
import {
  createImport,
  faultsOf,
  importOf,
  previewImport,
  runImport,
  startImport,
  stopImport,
  tableOf,
} from '../services/import/run-import.js'
import { partiesOf } from '../services/parties.js'
import { deleteContacts, saveContact, setActive, type SavedContact } from '../services/save-contact.js'

let running: RunningHost
let folder: string
let context: CompanyContext

const inCompany = <Result>(work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> =>
  running.host.db.company(context.companyId, work)
const save = (given: Record<string, unknown>, id?: string): Promise<SavedContact> =>
  inCompany((transaction) => saveContact(running.host, context, transaction, id, parseContact(given)))
const find = async (search: string): Promise<string[]> =>
  (await inCompany((transaction) => findContacts(transaction, { search, active: true, offset: 0, limit: 10 }))).contacts.map(
    ({ name }) => name,
  )
const faultCode = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

describe('contacts on a real database', function () {
  this.timeout(180_000)
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'khatm-contacts-'))
    running = await bootHost(configurationSchema.parse({ ...defaults, dataDir: folder, port: 0, logLevel: 'silent' }))
    const company = await running.host.access.createCompany({
      code: 'test-sa',
      name: 'Test',
      nameAr: null,
      country: 'SA',
      currency: 'SAR',
      timeZone: 'Asia/Riyadh',
      locale: 'ar',
      digits: 'latin',
      sandbox: false,
      identifiers: [],
      address: { country: 'SA' },
      phone: null,
      email: null,
      website: null,
    })
    context = await running.host.access.systemContext(company.id, 'cli')
    await running.host.modules.enable(context, 'contacts')
  })
  after(async () => {
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('finds by Arabic and Latin name, whatever the forms of the letters, by identifier and by phone', async () => {
    const saved = await save({
      name: 'Gulf Trading Est.',
      nameAr: 'مُؤسَّسة الأمل للتجارة',
      phone: '050 123 4567',
      identifiers: [{ scheme: 'vat', value: '311111111111113' }],
    })
    assert.equal(saved.contact.phone, '+966 50 123 4567')
    for (const search of ['gulf', 'موسسه الامل', 'الأمل', '3111111111', '0501234567', '+966 50 123', '٠٥٠ ١٢٣ ٤٥٦٧']) {
      assert.deepEqual(await find(search), ['Gulf Trading Est.'], search)
    }
    assert.deepEqual(await find('nobody'), [])
  })

  it('names what is wrong where it is wrong', async () => {
    for (const [given, code, path] of [
      [{ name: ' ' }, 'CONTACT-NAME', 'name'],
      [{ name: 'x', phone: '12' }, 'CONTACT-PHONE', 'phone'],
      [{ name: 'x', email: 'a@b' }, 'CONTACT-EMAIL', 'email'],
      [{ name: 'x', country: 'XX' }, 'CONTACT-COUNTRY', 'country'],
      [{ name: 'x', identifiers: [{ scheme: 'NOPE', value: '1' }] }, 'CONTACT-IDENTIFIER-SCHEME', 'identifiers[0].scheme'],
    ] as const) {
      await assert.rejects(
        async () => save(given),
        (error: unknown) => error instanceof Fault && error.code === code && error.path === path,
        code,
      )
    }
  })

  it('warns of duplicates and saves all the same', async () => {
    const twin = await save({ name: 'Other', identifiers: [{ scheme: 'VAT', value: '311111111111113' }] })
    assert.deepEqual(
      twin.warnings.map(({ code }) => code),
      ['CONTACT-DUPLICATE-IDENTIFIER'],
    )
  })

  it('a billing address takes name and identifiers of its company', async () => {
    const company = await save({
      name: 'Head Office',
      city: 'Jeddah',
      country: 'SA',
      identifiers: [{ scheme: 'CRN', value: '1010101010' }],
    })
    const billing = await save({
      name: 'Accounts',
      kind: 'person',
      role: 'billing',
      parentId: company.contact.id,
      city: 'Riyadh',
      country: 'SA',
    })
    const party = (await inCompany((transaction) => partiesOf(transaction, [billing.contact.id]))).get(billing.contact.id)
    assert.deepEqual([party?.name, party?.address?.city, party?.identifiers[0]?.value], ['Head Office', 'Riyadh', '1010101010'])
    await assert.rejects(
      inCompany((transaction) => deleteContacts(running.host, context, transaction, [company.contact.id])),
      faultCode('CONTACT-USED'),
    )
    await assert.rejects(async () => save({ name: 'x', parentId: billing.contact.id }), faultCode('CONTACT-PARENT-DEEP'))
    await inCompany((transaction) => setActive(running.host, context, transaction, [company.contact.id], false))
    assert.deepEqual(await find('head office'), [])
  })

  it('maps columns by heads in three languages', () => {
    assert.deepEqual(guessMapping(['الاسم', 'Phone', 'ДДС номер', 'الدولة', 'Colour', 'name'], []), [
      'name',
      'phone',
      'identifier.VAT',
      'country',
      '',
      '',
    ])
  })

  it('imports a table: preview tells the faults, the job writes the good rows and a result; stopped, it goes on', async () => {
    const rows = [
      ['الاسم', 'الهاتف', 'الدولة', 'email', 'المرجع'],
      ...Array.from({ length: 120 }, (_, index) => [
        `عميل ${String(index)}`,
        '',
        'السعودية',
        index === 3 ? 'no mail' : '',
        `R${String(index)}`,
      ]),
      ['', '0501112223', 'Atlantis', '', 'R-x'],
    ]
    const bytes = Buffer.from(Papa.unparse(rows, { delimiter: ';' }))
    const id = await inCompany((transaction) => createImport(running.host, context, transaction, { name: 'list.csv', bytes }))
    const { mapping } = await inCompany((transaction) => importOf(transaction, id))
    assert.deepEqual(mapping, ['name', 'phone', 'country', 'email', 'reference'])
    const preview = await inCompany(async (transaction) =>
      previewImport(running.host, context, transaction, await tableOf(running.host, transaction, id), mapping),
    )
    assert.deepEqual(
      preview.faults.map(({ row, fault }) => [row, fault.code, fault.path]),
      [[5, 'CONTACT-EMAIL', 'email']],
    )
    const before = (await inCompany((transaction) => findContacts(transaction, { offset: 0, limit: 1 }))).total
    const call = { context, attempt: 1, maxAttempts: 25, signal: new AbortController().signal }
    await inCompany((transaction) => startImport(running.host, transaction, id, mapping))
    await inCompany((transaction) => stopImport(transaction, id))
    await runImport(running.host, id, call)
    assert.equal((await inCompany((transaction) => importOf(transaction, id))).done, 0)
    await inCompany((transaction) => startImport(running.host, transaction, id, mapping))
    await runImport(running.host, id, call)
    const done = await inCompany((transaction) => importOf(transaction, id))
    assert.deepEqual([done.state, done.done, done.created, done.updated, done.failed], ['done', 121, 119, 0, 2])
    assert.equal((await inCompany((transaction) => findContacts(transaction, { offset: 0, limit: 1 }))).total, before + 119)
    const faults = await inCompany((transaction) => faultsOf(transaction, id))
    assert.deepEqual(
      faults.filter(({ fault }) => fault.level !== 'warning').map(({ row, fault }) => [row, fault.code]),
      [
        [5, 'CONTACT-EMAIL'],
        [122, 'CONTACT-NAME'],
        [122, 'CONTACT-FIELD'],
      ],
    )
    assert.ok(done.resultSha256)
    const result = await inCompany((transaction) => running.host.files.get(transaction, done.resultSha256 ?? ''))
    assert.match(result.bytes.toString('utf8'), /5,error,CONTACT-EMAIL,email,/)
  })

  it('imports a workbook; the same references change their contacts', async () => {
    const workbook = new ExcelJS.Workbook()
    const sheet = workbook.addWorksheet('x')
    sheet.addRow(['Name', 'Ref', 'City'])
    sheet.addRow(['Renamed', 'R0', 'Riyadh'])
    const id = await inCompany(async (transaction) =>
      createImport(running.host, context, transaction, { name: 'list.xlsx', bytes: Buffer.from(await workbook.xlsx.writeBuffer()) }),
    )
    const { mapping } = await inCompany((transaction) => importOf(transaction, id))
    await inCompany((transaction) => startImport(running.host, transaction, id, mapping))
    await runImport(running.host, id, { context, attempt: 1, maxAttempts: 25, signal: new AbortController().signal })
    assert.equal((await inCompany((transaction) => importOf(transaction, id))).updated, 1)
    assert.deepEqual(await find('renamed'), ['Renamed'])
  })

  it('an id that is none finds nothing', async () => {
    for (const id of ['-'.repeat(36), 'f'.repeat(36), "'", '', 'x'.repeat(5000), '00000000-0000-4000-8000-000000000000']) {
      assert.equal(await inCompany((transaction) => findContact(transaction, id)), undefined)
      await assert.rejects(
        inCompany((transaction) => importOf(transaction, id)),
        faultCode('CONTACT-IMPORT-UNKNOWN'),
      )
    }
  })

  it('refuses what is no table', async () => {
    for (const [bytes, code] of [
      [Buffer.from('%PDF-1.7\0'), 'FILE-TABLE-TYPE'],
      [Buffer.from('name\n'), 'FILE-TABLE-EMPTY'],
      [Buffer.from('504b0304aaaa', 'hex'), 'FILE-TABLE-TYPE'],
      [Buffer.alloc(6 * 1024 * 1024, 65), 'FILE-TABLE-LARGE'],
    ] as const) {
      await assert.rejects(
        inCompany((transaction) => createImport(running.host, context, transaction, { name: 'x', bytes })),
        faultCode(code),
        code,
      )
    }
  })

  it('no exported cell is a formula', async () => {
    for (const cell of ['=1+1', '+cmd', '-2', '@SUM(A1)', '\t=1', ' =1', '\r=1']) assert.equal(escapeFormula(cell), `'${cell}`)
    for (const cell of ['+966 50 123 4567', 'Gulf', 'ش', '']) assert.equal(escapeFormula(cell), cell)
    await save({ name: '=HYPERLINK("http://evil")', reference: '@x' })
    const csv = (await inCompany((transaction) => exportContacts(transaction, 'csv', []))).toString('utf8')
    const rows = Papa.parse<string[]>(csv.replace(/^\ufeff/, ''), { skipEmptyLines: true }).data.slice(1)
    assert.ok(rows.some((row) => row.includes(`'=HYPERLINK("http://evil")`)))
    for (const cell of rows.flat()) assert.doesNotMatch(cell, /^(?:[=@\t\r]|[+-](?!\d))/)
    const workbook = new ExcelJS.Workbook()
    const bytes = await inCompany((transaction) => exportContacts(transaction, 'xlsx', []))
    await workbook.xlsx.load(bytes as unknown as Parameters<typeof workbook.xlsx.load>[0])
    assert.equal(workbook.worksheets[0]?.rowCount, rows.length + 1)
  })
})
