import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CompanyContext } from '../../../core/access/context.js'
import { canonicalJson } from '../../../core/audit/canonical-json.js'
import { Fault } from '../../../core/i18n/fault.js'
import { RunAgain } from '../../../core/jobs/jobs.js'
import { TrustFolder } from '../../../core/validation/trust/trust-folder.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { examinationDossier, type DossierReport } from '../index.js'
import { registerExamination, withdrawExamination } from '../law/examinations.js'
import { keepRevocation } from '../law/kept-revocation.js'
import { stampLogHead } from '../law/log-stamps.js'
import { signatureRows } from '../signing/signature-rows.js'
import { addTimeAuthority } from '../law/time-authorities.js'
import { stampTimes } from '../law/stamp-times.js'
import { timesOf } from '../law/time-stamps.js'
import { rowOfInvoice } from '../../compliance/index.js'
import { CleanFolder } from './clean-folder.js'
import { bytesOf, egyptianCompany, post } from './running-company.js'

describe('Examination dossier of a signature (Art. 7)', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-dossier-'))
  let running: TestHost
  let context: CompanyContext
  let invoiceId: string
  let count = 0

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await egyptianCompany(running)
    const { company: _company, ...input } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../examples/in/1-invoice.json'), 'utf8'),
    ) as Record<string, unknown> // an object, as the examples are
    const [posted] = await post(running.host, context, input)
    invoiceId = posted?.invoiceId ?? ''
  })
  after(async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  interface Unpacked {
    readonly at: string
    readonly report: DossierReport
  }
  const unpack = async (presented?: Buffer, longestChain?: number): Promise<Unpacked> => {
    count += 1
    const at = join(folder, String(count))
    mkdirSync(at)
    const zip = await examinationDossier(running.host, { ...context, locale: 'ar' }, invoiceId, presented, longestChain)
    writeFileSync(join(at, 'dossier.zip'), zip)
    execFileSync('python3', ['-m', 'zipfile', '-e', 'dossier.zip', '.'], { cwd: at })
    return { at, report: JSON.parse(readFileSync(join(at, 'report.json'), 'utf8')) as DossierReport } // written by the dossier itself
  }
  const run = (at: string, line: string): string => execFileSync('/bin/sh', ['-c', line], { cwd: at, stdio: 'pipe', encoding: 'utf8' })
  const state = (report: DossierReport, article: string): string | undefined =>
    report.articles.find((one) => one.article === article)?.state
  const codes = (report: DossierReport, article: string): string[] =>
    report.articles.find((one) => one.article === article)?.findings.map(({ code }) => code) ?? []

  it('a failing archive of time harms nothing, is written down and asked again; the others have stamped', async () => {
    await addTimeAuthority(running.host, context, { name: 'Away', url: 'http://127.0.0.1:9/tsa', concerned: false })
    const stamp = (): Promise<void> => stampTimes(running.host, context, { invoiceIds: [invoiceId] })
    await assert.rejects(stamp(), (error: unknown) => error instanceof RunAgain && error.at > new Date())
    const { proven, awaited } = await running.host.db.company(context.companyId, (transaction) => timesOf(transaction, invoiceId))
    assert.deepEqual(
      proven.map(({ authority, dependence }) => [authority, dependence]),
      [['Khatm Sandbox Time Stamps', 'sandbox']],
    )
    assert.equal(awaited.length, 1)
    assert.match(awaited[0]?.problem.code ?? '', /^(SIGN-TSA-UNREACHABLE|HTTP-ADDRESS-REFUSED)$/)
    // Before its time it is not asked again.
    await assert.rejects(stamp(), RunAgain)
    const again = await running.host.db.company(context.companyId, (transaction) => timesOf(transaction, invoiceId))
    assert.equal(again.awaited[0]?.attempts, 1)
  })

  it('its own commands check it: sums, openssl over text, certificate, revocation and time stamp agree', async () => {
    const { at } = await unpack()
    if (process.env['KHATM_KEEP_DOSSIER'] !== undefined) cpSync(at, process.env['KHATM_KEEP_DOSSIER'], { recursive: true })
    const lines = readFileSync(join(at, 'check.txt'), 'utf8').trim().split('\n')
    for (const line of lines) run(at, line)
    assert.deepEqual(
      ['sha256sum', 'openssl cms -verify', 'openssl x509', 'openssl ocsp', 'openssl ts -verify'].filter(
        (wanted) => !lines.some((line) => line.startsWith(wanted)),
      ),
      [],
    )
    // A dossier is read years later: each path is checked of its moment, and of another one openssl refuses it.
    const dated = lines.filter((line) => line.includes(' -verify '))
    assert.ok(dated.length >= 2)
    for (const line of dated) assert.throws(() => run(at, line.replace(/-attime \d+/, '-attime 4102444800')), /expired/, line)
    // The paper names every file with its fingerprint: it cannot be laid beside other files.
    const paper = run(at, 'pdftotext -layout report.pdf -')
    const [, ...sums] = readFileSync(join(at, 'SHA256SUMS'), 'utf8').trim().split('\n').reverse()
    for (const line of sums.filter((one) => !/(?:report\.pdf|check\.txt|README\.txt)$/.test(one)))
      assert.ok(paper.includes(line.slice(0, 64)), line)
    const status = lines.find((line) => line.includes(' -cert certificates/signer.pem')) ?? assert.fail('no answer about the signer')
    assert.match(run(at, `${status} 2>&1`), /Response verify OK.*signer\.pem: good/s)
    assert.throws(() => run(at, status.replace(/-attime \d+/, '-attime 4102444800')), /expired/)
    const readme = readFileSync(join(at, 'README.txt'), 'utf8')
    for (const line of lines) assert.ok(readme.includes(line))
    // Marks of direction that the reader of the PDF puts in are no letters of it.
    const words = run(at, 'pdftotext report.pdf -').replace(/\p{Cf}/gu, '')
    for (const word of ['منقوض', 'غير مثبت', 'signature.p7s']) assert.ok(words.includes(word), word)
  })

  it('every command it prints holds in a clean folder with openssl alone, and none does once what it checks has changed by a bit', async () => {
    const { host } = running
    const zip = await examinationDossier(host, { ...context, locale: 'en' }, invoiceId)
    const clean = new CleanFolder(zip)
    try {
      clean.checkAll()
      const lines = clean.commands()
      const readme = clean.read('README.txt').toString('utf8')
      for (const line of lines) assert.ok(readme.includes(`\n  ${line}\n`), line)
      // Each file that is checked, spoilt in its last byte: the signature of the CMS, of an answer, of a token.
      const spoilt = clean.files().filter((name) => /\.(?:p7s|ocsp|crl|tst|bin|txt)$/.test(name) && !/^(?:check|README)/.test(name))
      assert.ok(['signature.p7s', 'canonical.txt', 'revocation/1.ocsp', 'time-stamps/1.tst'].every((name) => spoilt.includes(name)))
      for (const name of spoilt) {
        const bytes = clean.read(name)
        const other = Buffer.from(bytes)
        other[other.length - 1] = (other.at(-1) ?? 0) ^ 1
        clean.write(name, other)
        const verifying = lines.filter((line) => line.includes(name) && / -verify | -CAfile |cmp/.test(line))
        assert.ok(verifying.length > 0, `nothing checks ${name}`)
        for (const line of verifying) assert.notEqual(clean.run(line).status, 0, `${name}: ${line}`)
        clean.write(name, bytes)
      }
      clean.checkAll()
    } finally {
      clean.remove()
    }
  })

  it('says of each article what is shown, not shown and contradicted; a software key is outside Article 10', async () => {
    const { report, at } = await unpack()
    assert.deepEqual(
      report.points.map(({ point, state: answer }) => [point, answer]),
      [
        ['a', 'not-shown'],
        ['b', 'shown'],
        ['c', 'shown'],
      ],
    )
    assert.equal(report.basis.basis, 'none')
    const expected: Record<string, string> = {
      '1(12)': 'contradicted',
      '2(e)': 'shown',
      '2(f)': 'not-shown',
      '3(a)': 'not-shown',
      '3(e)': 'shown',
      '8(a)': 'not-shown',
      '8(b)': 'shown',
      '9': 'not-shown',
      '10': 'contradicted',
      '11': 'shown',
      '20': 'not-shown',
    }
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((article) => [article, state(report, article)])), expected)
    assert.deepEqual(codes(report, '8(a)'), ['EG-ART-TIME-SANDBOX', 'EG-ART-TIME-AWAITED'])
    // No human took part: what shows it is time and log, and the time is not shown.
    assert.deepEqual([report.evidence?.unattended, state(report, '8(c)')], [true, 'not-shown'])
    for (const { proof } of [...report.points, ...report.articles])
      for (const file of proof) assert.ok(readFileSync(join(at, file)).length > 0, file)
  })

  it('events in it prove themselves: every hash can be computed again, the head was written down outside the database', async () => {
    const { at, report } = await unpack()
    const log = JSON.parse(readFileSync(join(at, 'event-log.json'), 'utf8')) as {
      events: { hashed: { action: string }; previous: string; hash: string }[]
    } // written by the dossier itself
    for (const { hashed, previous, hash } of log.events) {
      const own = createHash('sha256').update(Buffer.from(previous, 'hex')).update(canonicalJson(hashed)).digest('hex')
      assert.equal(own, hash, hashed.action)
    }
    const actions = log.events.map(({ hashed }) => hashed.action)
    for (const wanted of ['key.used', 'compliance.signed', 'compliance-egypt.time-stamped', 'compliance-egypt.dossier-made'])
      assert.ok(actions.includes(wanted), wanted)
    assert.equal(report.log.state, 'whole')
    // At the last of these events at the latest: the dossier is an event itself, and its own head is written down before it is told.
    const { anchor } = report.log
    assert.deepEqual(anchor, { sequence: report.log.head.sequence, hash: log.events.at(-1)?.hash })
    // Of a chain too long to compute while somebody waits, the pieces with these events are: shown, and said.
    const { report: long } = await unpack(undefined, 1)
    assert.equal(long.log.state, 'pieces')
    assert.ok(long.log.computed > 0 && long.log.computed <= long.log.head.sequence)
    assert.equal(state(long, '11'), 'shown')
    assert.ok(codes(long, '11').includes('EG-ART-LOG-PIECES'))
  })

  it('revocation answers kept after signing are those of the dossier; without them it asks and says so', async () => {
    const { host } = running
    const { report: before } = await unpack()
    assert.deepEqual(codes(before, '3(e)'), ['EG-ART-REVOCATION-LATER'])
    const signature = (await host.db.company(context.companyId, (transaction) => signatureRows(transaction, [invoiceId]))).get(invoiceId)
    const path = signature?.basis?.rests.path ?? assert.fail('no path is kept')
    await keepRevocation(host, context, { path, at: (signature?.signedAt ?? new Date()).toISOString() })
    const { report: kept, at } = await unpack()
    assert.deepEqual([state(kept, '3(e)'), ...codes(kept, '3(e)')], ['shown', 'EG-ART-REVOCATION-KEPT'])
    assert.ok(kept.revocation.length > 0 && kept.revocation.every((one) => one.kept && readFileSync(join(at, one.file)).length > 0))
    // Asked once more for the same signature nothing is fetched; the first answer after it stays the one that counts.
    await keepRevocation(host, context, { path, at: (signature?.signedAt ?? new Date()).toISOString() })
    assert.deepEqual((await unpack()).report.revocation, kept.revocation)
  })

  it('a stamped head of the log is in it with its token, which openssl verifies over the hash; a log written anew is found', async () => {
    await stampLogHead(running.host, context)
    const { report, at } = await unpack()
    const [stamp] = report.log.stamps
    assert.deepEqual([stamp?.authority, stamp?.dependence, stamp?.holds], ['Khatm Sandbox Time Stamps', 'sandbox', true])
    const line = readFileSync(join(at, 'check.txt'), 'utf8')
      .split('\n')
      .find((one) => one.includes('log-stamps/'))
    assert.match(line ?? '', /openssl ts -verify -digest [0-9a-f]{64} /)
    assert.match(run(at, line ?? ''), /Verification: OK/)
    assert.throws(() => run(at, (line ?? '').replace(/-digest ../, '-digest 00')))
    // A head that the chain does not come through, whoever wrote it.
    const other = await running.host.audit.verifyPieces(context.companyId, [1, 2], { sequence: 2, hash: 'ab'.repeat(32) })
    assert.deepEqual([other.intact, other.brokenAt, other.reason], [false, 2, 'anchor'])
  })

  it('a copy with another amount is contradicted in content and signature, and the report says it is not what was filed', async () => {
    const row = await running.host.db.company(context.companyId, (transaction) => rowOfInvoice(transaction, invoiceId))
    const filed = await bytesOf(running.host, context, row?.legalSha256 ?? null)
    const changed = Buffer.from(filed.toString('utf8').replace(/"totalAmount":(\d)/, '"totalAmount":9$1'))
    assert.ok(!changed.equals(filed))
    const { report, at } = await unpack(changed)
    assert.deepEqual(
      report.points.map((one) => one.state),
      ['contradicted', 'contradicted', 'shown'],
    )
    assert.equal(report.examined, 'presented')
    for (const article of ['2(e)', '2(f)', '11']) assert.equal(state(report, article), 'contradicted', article)
    assert.ok(codes(report, '11').includes('EG-DOSSIER-CHANGED'))
    const lines = readFileSync(join(at, 'check.txt'), 'utf8').split('\n')
    const verify = lines.find((line) => line.startsWith('openssl cms -verify')) ?? assert.fail('no command verifies the signature')
    assert.throws(() => run(at, verify), /verification failure|digest/i)
    // What is no document at all has a dossier too, and it says so.
    const nothing = await unpack(Buffer.from('{"a":'))
    assert.deepEqual(
      nothing.report.points.map((one) => one.state),
      ['contradicted', 'contradicted', 'not-shown'],
    )
  })

  it('an examination of ITIDA is registered with its number, once, and can be withdrawn with a reason', async () => {
    const { host } = running
    const given = { number: 'ITIDA-EX-77', issuedOn: new Date().toISOString().slice(0, 10) }
    const refusedWith = (code: string) => (error: unknown) => error instanceof Fault && error.code === code
    await assert.rejects(
      registerExamination(host, context, invoiceId, { ...given, issuedOn: '2005-01-01' }),
      refusedWith('EG-EXAMINATION-DATE'),
    )
    await registerExamination(host, context, invoiceId, given)
    await assert.rejects(registerExamination(host, context, invoiceId, given), refusedWith('EG-EXAMINATION-THERE'))
    const { report } = await unpack()
    assert.equal(report.examination?.number, 'ITIDA-EX-77')
    // A key outside Article 10 has no ground by an examination either.
    assert.deepEqual([report.basis.basis, report.basis.reasons.includes('EG-BASIS-NOT-EXAMINED')], ['none', false])
    await withdrawExamination(host, context, invoiceId, 'number of another invoice')
    await registerExamination(host, context, invoiceId, { ...given, number: 'ITIDA-EX-78' })
  })

  it('a root pinned for Egypt makes point (a); an unsigned document has no dossier', async () => {
    const anchor = Buffer.from(running.host.config.sandbox.trustAnchors[0] ?? '', 'base64')
    new TrustFolder(running.dataDir).add(anchor, 'EG', 'root.pem')
    const { report } = await unpack()
    assert.deepEqual(
      report.points.map((one) => one.state),
      ['shown', 'shown', 'shown'],
    )
    assert.equal(state(report, '3(a)'), 'shown')
    await assert.rejects(examinationDossier(running.host, context, '00000000-0000-4000-8000-000000000000'), (error: unknown) => {
      return error instanceof Fault && error.code === 'EG-DOSSIER-NOT-SIGNED'
    })
  })

  it('`khatm eta dossier` writes it from the command line, of a copy somebody presents too', async () => {
    const row = await running.host.db.company(context.companyId, (transaction) => rowOfInvoice(transaction, invoiceId))
    const { code } = await running.access.company(context.companyId)
    const khatm = async (...more: string[]): Promise<{ file: string; report: DossierReport }> => {
      const file = join(folder, 'command.zip')
      const command = [join(import.meta.dirname, '../../../bin/khatm.mjs'), 'eta', 'dossier', row?.number ?? '']
      const where = ['--data', running.dataDir, '--company', code, '--lang', 'en', '--out', file, '--json', ...more]
      // Not the synchronous one: the authorities of the sandbox are in this process.
      const { stdout } = await promisify(execFile)(process.execPath, [...command, ...where], {
        env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
      })
      const told = JSON.parse(stdout) as { number: string; file: string } // printed by the command
      assert.deepEqual([told.number, told.file], [row?.number, file])
      const text = execFileSync('unzip', ['-p', file, 'report.json'], { encoding: 'utf8' })
      return { file, report: JSON.parse(text) as DossierReport } // written by the dossier itself
    }
    const copy = join(folder, 'copy.json')
    const filed = await bytesOf(running.host, context, row?.legalSha256 ?? null)
    writeFileSync(copy, filed.toString('utf8').replace(/"totalAmount":(\d)/, '"totalAmount":9$1'))
    const { report } = await khatm('--file', copy)
    assert.deepEqual([report.examined, report.points[1]?.state], ['presented', 'contradicted'])
  })
})
