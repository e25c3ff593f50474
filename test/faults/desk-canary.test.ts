import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { createCoreTranslator } from '../../core/i18n/create-translator.js'
import { until } from '../helpers/until.js'
import { PageServer } from '../../core/agent/page-server.js'
import { pairWithHost, Pairings } from '../../core/agent/pairings.js'
import { pageTexts } from '../../core/agent/run-agent.js'
import { SigningDesk } from '../../core/agent/signing-desk.js'
import { Tokens } from '../../core/agent/tokens.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'

/** Whether bytes hold a text, plain, in base64 or as UTF-16, as heaps and drivers keep it. */
function holds(bytes: Buffer, secret: string): boolean {
  return [Buffer.from(secret), Buffer.from(secret, 'utf16le'), Buffer.from(Buffer.from(secret).toString('base64').replace(/=+$/, ''))].some(
    (form) => bytes.includes(form),
  )
}

describe('a canary PIN typed at a desk', function () {
  this.timeout(180_000)
  if (!softHsmIsHere || process.platform !== 'linux') {
    it('needs Linux and the Debian package softhsm2')
    return
  }

  it('never reaches the host: not its heap, log, tables, arguments, environment; and no file of the desk', async () => {
    const token = new SoftToken('desk canary', '904417263358')
    token.generate('EC:prime256v1', '01', 'seal')
    const folder = mkdtempSync(path.join(tmpdir(), 'khatm-canary-'))
    const { SOFTHSM2_CONF: _desk, ...environment } = process.env
    const script = path.resolve(import.meta.dirname, 'desk-host.ts')
    const host = spawn(process.execPath, [...readingTypeScript, script, folder], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] })
    const told = createInterface({ input: host.stdout })[Symbol.asyncIterator]()
    const next = async (): Promise<Record<string, string>> => JSON.parse(String((await told.next()).value)) as Record<string, string> // printed by desk-host.ts
    const deskFolder = path.join(folder, 'desk')
    let desk: SigningDesk | undefined
    let page: PageServer | undefined
    try {
      const { url = '', code = '' } = await next()
      const pairings = new Pairings(deskFolder)
      pairings.add(await pairWithHost(url, code))
      const libraries = [{ name: 'soft', title: 'SoftHSM', file: softHsmLibrary }]
      const tokens = new Tokens({ libraries, pinFile: null, warn: () => undefined })
      const opened = new SigningDesk({ folder: deskFolder, pairings: pairings.list(), tokens, software: 'test' })
      desk = opened
      await opened.start()
      page = new PageServer(opened, { texts: createCoreTranslator(), pageTexts, locale: 'en' })
      const [origin = '', secret = ''] = (await page.listen()).split('/#')
      host.stdin.write('01\n')
      await until('the document is shown', () => opened.pending.length === 1)
      // As the page sends it: ids, a NUL byte, the PIN.
      const ids = opened.pending.map(({ offer }) => offer.id)
      const body = Buffer.concat([Buffer.from(`${JSON.stringify({ ids, finalTry: false })}\0`), Buffer.from(token.pin)])
      const answer = await fetch(`${origin}/api/sign`, { method: 'POST', headers: { 'x-khatm-desk': secret }, body })
      assert.match(await answer.text(), /"signed"/)
      const { signature = '', rows = 0 } = await next()
      assert.ok(signature.length > 60 && Number(rows) > 5)

      const places = new Map<string, Buffer>()
      for (const name of ['host.heapsnapshot', 'log.ndjson', 'dump.txt']) places.set(name, readFileSync(path.join(folder, name)))
      for (const name of readdirSync(deskFolder, { recursive: true, encoding: 'utf8' })) {
        const file = path.join(deskFolder, name)
        if (statSync(file).isFile()) places.set(file, readFileSync(file))
      }
      for (const pid of [host.pid, ...tokens.processes()]) {
        for (const what of ['cmdline', 'environ']) places.set(`${what} of ${String(pid)}`, readFileSync(`/proc/${String(pid)}/${what}`))
      }
      // The search finds what is there: the document is in heap and tables.
      assert.ok(places.get('host.heapsnapshot')?.includes('INV/canary') === true && places.get('dump.txt')?.includes('INV/canary') === true)
      assert.ok(places.size > 8)
      for (const [place, bytes] of places) assert.equal(holds(bytes, token.pin), false, `PIN in ${place}`)
    } finally {
      await page?.close()
      await desk?.close()
      host.stdin.end()
      if (host.exitCode === null) await once(host, 'exit')
      token.remove()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
