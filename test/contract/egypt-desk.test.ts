import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toPem } from '../../core/signing/certificate-request.js'
import { softHsmIsHere } from '../../core/signing/test/soft-token.js'
import { canonicalText, itemsOf, memberOf, parseLiteral, textAt, type DossierReport } from '../../modules/compliance-egypt/index.js'
import { until } from '../helpers/until.js'
import { EgyptDeskHouse, repository, spyLibrary, type Row } from './egypt-desk-house.js'
import { rin } from './egypt-desk-rows.js'
import { holds, spyShows } from './secret-search.js'
import type { KeyEvidence } from '../../modules/compliance-egypt/signing/signature-rows.js'

/** KHATM_FULL=1 runs the figures of the promise; without it batches are as small as what they show allows. */
const full = process.env.KHATM_FULL === '1'
const count = full ? 200 : 20
/** More than the desk signs at once (32): some are left when it is killed. */
const killedAtDesk = full ? 200 : 48
const killedAtHost = full ? 200 : 16
/** After a kill what was sent may be asked for only when its lease has ended. */
const patience = full ? 240_000 : 90_000

/**
 * The usual day of an Egyptian accountant: invoices come over the API, the token is in his PC, a program there (`khatm agent`) shows them,
 * he gives the PIN once; the host files them with the authority. Host, desk, token driver, network and authority are processes and
 * sockets of their own, as in an office.
 */
describe('Egyptian invoices from the API to the authority, signed by a token on a desk', function () {
  this.timeout(600_000)
  if (!softHsmIsHere || process.platform !== 'linux' || !existsSync(spyLibrary)) {
    it('needs Linux and the Debian packages softhsm2 and opensc')
    return
  }
  let house: EgyptDeskHouse
  const figures: Record<string, number> = {}
  let openedNumber = ''

  before(async () => {
    house = await EgyptDeskHouse.open(patience)
  })
  after(async () => {
    await house.close()
    if (full) console.log(JSON.stringify(figures))
  })

  it('of five certificates on the token the one of this taxpayer in force is chosen', async () => {
    const adopted = await house.ask('adopt')
    assert.deepEqual(adopted['adopted'], ['another taxpayer', 'expired', 'seal'])
    assert.equal(adopted['keys'], 3, 'no software key was made: one on the token fits')
  })

  it(`${String(count)} invoices posted over the API wait at the desk; one PIN there signs them, and the authority has each once`, async () => {
    const start = performance.now()
    await house.postInvoices(count)
    figures['post'] = Math.round(performance.now() - start)
    const pending = await house.shown(count)
    for (const { tie, uses, facts } of pending) {
      assert.equal(tie, 'read', 'the desk made canonical text and hash from the document itself')
      const values = facts.map(({ value }) => value)
      assert.ok(values.includes(rin) && values.includes(uses[0]?.amount.value ?? '?'), JSON.stringify(facts))
      assert.ok(uses[0]?.label.startsWith(values.find((value) => value.startsWith('INV/')) ?? '?'))
    }
    const [progress] = (await house.ask('progress'))['progress'] as { waiting: number; total: number; desks: { name: string }[] }[] // deskProgress
    assert.deepEqual([progress?.waiting, progress?.total, progress?.desks[0]?.name], [count, count, 'Accountant'])
    assert.ok((await house.rows()).every((row) => row.state === 'prepared'))
    const [first] = pending
    const whole = JSON.parse(await house.page(`/api/document?id=${first?.id ?? ''}`)) as { text: string } // as page-server.ts writes it
    openedNumber = /^internalID: (.+)$/m.exec(whole.text)?.[1] ?? assert.fail('the whole document is not shown')
    const before = house.logins()
    const signing = performance.now()
    assert.equal((await house.givePin(pending)).match(/"signed"/g)?.length, count)
    figures['sign'] = Math.round(performance.now() - signing)
    await house.filed(count)
    figures['accepted'] = Math.round(performance.now() - signing)
    assert.equal(house.logins() - before, 1, 'one login for the whole batch')
    assert.equal(house.signed(), count)
    const { evidence } = (await house.ask('evidence'))['evidence'] as {
      evidence: Pick<KeyEvidence, 'soleControl' | 'software'> & { attributes: Record<string, unknown> }
    } // a row
    assert.equal(evidence.soleControl, 'device-and-code')
    const { onToken, sensitive, alwaysSensitive, extractable, neverExtractable, loginRequired, pinInitialized } = evidence.attributes
    assert.deepEqual(
      { onToken, sensitive, alwaysSensitive, extractable, neverExtractable, loginRequired, pinInitialized },
      {
        onToken: true,
        sensitive: true,
        alwaysSensitive: true,
        extractable: false,
        neverExtractable: true,
        loginRequired: true,
        pinInitialized: true,
      },
    )
    // The library on the desk's PC, as it told it before it signed.
    const { driver } = evidence.software ?? assert.fail('no software')
    assert.match(`${driver?.version ?? ''} ${driver?.sha256 ?? ''}`, /^\d+\.\d+ [0-9a-f]{64}$/)
    for (const name of ['tokenSerial', 'tokenModel', 'firmware', 'desk'])
      assert.match(JSON.stringify(evidence.attributes[name]), /^"[^"]+"$/, name)
    house.assertTakenOnce()
  })

  it('dossiers: Art. 10 is shown by device and code; 2(f) only for the document the person opened, not for one seen as a line of the batch', async () => {
    const all = await house.rows()
    const dossierOf = async (row: Row | undefined): Promise<DossierReport> => {
      const { file } = await house.ask(`dossier ${row?.invoiceId ?? ''}`)
      return JSON.parse(execFileSync('unzip', ['-p', String(file), 'report.json'], { encoding: 'utf8' })) as DossierReport // its own report
    }
    const opened = await dossierOf(all.find(({ number }) => number === openedNumber))
    const listed = await dossierOf(all.find(({ number }) => number !== openedNumber))
    const told = ({ articles }: DossierReport, article: string): unknown => {
      const found = articles.find((one) => one.article === article)
      return [found?.state, ...(found?.findings ?? []).map(({ code }) => code)]
    }
    assert.deepEqual(told(opened, '2(f)'), ['shown', 'EG-ART-DOCUMENT-OPENED'])
    assert.deepEqual(told(listed, '2(f)'), ['not-shown', 'EG-ART-DOCUMENT-LISTED'])
    for (const report of [opened, listed]) {
      assert.deepEqual(
        ['1(12)', '2(a)', '2(e)', '3(d)', '8(b)', '10', '11'].map((article) => [article, (told(report, article) as string[])[0]]),
        ['1(12)', '2(a)', '2(e)', '3(d)', '8(b)', '10', '11'].map((article) => [article, 'shown']),
      )
      assert.equal(report.points.find(({ point }) => point === 'b')?.state, 'shown')
    }
  })

  it('openssl and `khatm verify` accept the files; a changed digit they refuse', async () => {
    await house.ask('files')
    const trust = path.join(house.folder, 'trust.pem')
    const anchors = house.chain.slice(1)
    writeFileSync(trust, anchors.map((der) => toPem('CERTIFICATE', der)).join(''))
    for (const index of [0, count >> 1, count - 1]) {
      const file = path.join(house.folder, `${String(index)}.json`)
      const bytes = readFileSync(file)
      const value = textAt(itemsOf(memberOf(parseLiteral(bytes), 'signatures'))[0], 'value') ?? ''
      const [cms, text] = [path.join(house.folder, 'cms'), path.join(house.folder, 'text')]
      writeFileSync(cms, Buffer.from(value, 'base64'))
      writeFileSync(text, canonicalText(bytes))
      const args = ['-inform', 'DER', '-in', cms, '-content', text, '-binary', '-CAfile', trust, '-purpose', 'any', '-out', '/dev/null']
      execFileSync('openssl', ['cms', '-verify', '-cades', ...args], { stdio: 'pipe' })
      writeFileSync(text, canonicalText(Buffer.from(bytes.toString().replace(/"internalID":"INV/, '"internalID":"INW'))))
      assert.throws(() => execFileSync('openssl', ['cms', '-verify', '-cades', ...args], { stdio: 'pipe' }))
    }
    const [good, changed] = [path.join(house.folder, '0.json'), path.join(house.folder, 'changed.json')]
    const total = /"totalAmount":(\d)/
    const other = (_whole: string, digit: string): string => `"totalAmount":${String((Number(digit) % 9) + 1)}`
    writeFileSync(changed, readFileSync(good, 'utf8').replace(total, other))
    const command = [path.join(repository, 'bin/khatm.mjs'), 'verify', good, changed, '--trust', trust, '--json']
    const { stdout } = spawnSync(process.execPath, command, { cwd: repository, encoding: 'utf8' })
    assert.deepEqual(
      [...stdout.matchAll(/"verdict":\s*"(\w+)"/g)].map(([, verdict]) => verdict),
      ['passed', 'failed'],
      stdout.slice(0, 600),
    )
  })

  it('what is refused at the desk waits for a person and says by whom; asked again it is signed', async () => {
    await house.postInvoices(1)
    const [one] = await house.shown(1)
    assert.ok(one)
    await house.page('/api/refuse', Buffer.from(JSON.stringify({ ids: [one.id], reason: 'wrong customer' })))
    const refused = await until('the refusal is written down', async () => (await house.rows()).find((row) => row.held))
    assert.deepEqual([refused.state, refused.code], ['prepared', 'SIGN-AGENT-REFUSED'])
    await sleep(1_500)
    assert.equal((await house.pending()).length, 0, 'nobody asks again by himself')
    assert.deepEqual(await house.ask(`retry ${refused.invoiceId}`), { retried: true })
    await house.givePin(await house.shown(1))
    await house.filed(house.posted)
    house.assertTakenOnce()
  })

  it('the token is pulled: the desk says so in words, nothing is signed; put back, all is signed', async () => {
    await house.postInvoices(2)
    const pending = await house.shown(2)
    const away = `${house.token.folder}/away`
    renameSync(house.token.tokenFolder, away)
    const told = await until('the desk notices', async () => (await house.pending()).find(({ fault }) => fault !== null))
    assert.equal(told.fault?.code, 'SIGN-TOKEN-MISSING')
    assert.ok(!/SIGN-|undefined|\{\{/.test(told.fault.message), told.fault.message)
    renameSync(away, house.token.tokenFolder)
    await until('the token is back', async () => (await house.pending()).every(({ fault }) => fault === null))
    await house.givePin(pending)
    await house.filed(house.posted)
    house.assertTakenOnce()
  })

  it('the desk is killed in the middle of a batch: the PIN once more there, none signed into two answers, none lost', async () => {
    const before = house.signed()
    await house.postInvoices(killedAtDesk)
    const pending = await house.shown(killedAtDesk)
    void house.givePin(pending).catch(() => undefined)
    await until('some are signed', () => house.signed() - before >= (full ? 80 : 1))
    await house.killAgent()
    const done = house.signed() - before
    assert.ok(done < killedAtDesk, `all ${String(done)} were signed before the kill`)
    const count1 = house.logins()
    await house.startAgent()
    // What was signed and not confirmed comes from the outbox; the others are shown again.
    const left = await until(
      'the rest is shown',
      async () => {
        const all = await house.rows()
        const again = await house.pending()
        return again.length + all.filter((row) => row.state !== 'prepared').length === house.posted && again
      },
      60_000,
    )
    assert.ok(left.length > 0 && left.length <= killedAtDesk - done, 'what was signed is not asked for again')
    await house.givePin(left)
    await house.filed(house.posted)
    assert.equal(house.logins() - count1, 1)
    house.assertTakenOnce()
  })

  it('the host is killed while answers arrive: each invoice is filed once', async () => {
    const before = house.signed()
    await house.postInvoices(killedAtHost)
    const pending = await house.shown(killedAtHost)
    const given = house.givePin(pending)
    await until('some are signed', () => house.signed() - before >= (full ? 80 : 1))
    await house.killHost()
    await given
    await house.startHost()
    await house.filed(house.posted)
    house.assertTakenOnce()
  })

  it('the PIN is nowhere: no wire, table, file, log, heap, argument or environment of host and desk', async () => {
    // The wire tells in any run that the host never met the PIN; its heap takes a while to write.
    await house.ask(full ? 'dump with-heap' : 'dump')
    const places = new Map<string, Buffer>([
      ['wire', Buffer.concat(house.wire.passed)],
      ['output of the desk', Buffer.from(house.agentOutput.join(''))],
    ])
    const walk = (root: string): void => {
      for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
        const file = path.join(root, name)
        if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) places.set(file, readFileSync(file))
      }
    }
    for (const root of [house.desk, path.join(house.folder, 'data'), path.join(house.folder, 'sandbox')]) walk(root)
    const heap = full ? ['host.heapsnapshot'] : []
    for (const name of [...heap, 'dump.txt', 'host.log']) places.set(name, readFileSync(path.join(house.folder, name)))
    for (const pid of [house.host?.child.pid, house.agent?.pid]) {
      for (const what of ['cmdline', 'environ']) places.set(`${what} of ${String(pid)}`, readFileSync(`/proc/${String(pid)}/${what}`))
    }
    // The search finds what is there: documents in wire, heap and tables, the PIN in the log of the spy between desk and driver.
    for (const place of ['wire', ...heap, 'dump.txt']) assert.ok(places.get(place)?.includes('/00001'), place)
    assert.ok([...places.keys()].some((place) => place.includes('/pg_wal/')))
    assert.ok(spyShows(readFileSync(house.spyLog, 'utf8'), house.token.pin))
    for (const [place, bytes] of places) assert.equal(holds(bytes, house.token.pin), false, `PIN in ${place}`)
  })
})
