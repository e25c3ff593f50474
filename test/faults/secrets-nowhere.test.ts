import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'

/** Whether bytes hold a text, plain, in base64 or as UTF-16, as heaps and drivers keep it. */
function holds(bytes: Buffer, secret: string): boolean {
  return [Buffer.from(secret), Buffer.from(secret, 'utf16le'), Buffer.from(Buffer.from(secret).toString('base64').replace(/=+$/, ''))].some(
    (form) => bytes.includes(form),
  )
}

describe('a canary PIN', function () {
  this.timeout(180_000)
  if (!softHsmIsHere || process.platform !== 'linux') {
    it('needs Linux and the Debian package softhsm2')
    return
  }
  let token: SoftToken
  const password = 'Kanarienvogel-7731-password'

  before(() => {
    token = new SoftToken('canary', '774411985523')
    token.generate('EC:prime256v1', '01', 'seal')
    const file = (name: string): string => path.join(token.folder, name)
    execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('key.pem')])
    execFileSync('openssl', [
      'req',
      '-new',
      '-x509',
      '-key',
      file('key.pem'),
      '-subj',
      '/CN=canary',
      '-days',
      '9',
      '-out',
      file('cert.pem'),
    ])
    writeFileSync(file('password'), password, { mode: 0o600 })
    const args = ['pkcs12', '-export', '-inkey', file('key.pem'), '-in', file('cert.pem'), '-passout', `file:${file('password')}`]
    execFileSync('openssl', [...args, '-out', file('key.p12')])
  })
  after(() => {
    token.remove()
  })

  it('appears nowhere: not in the heap of the host, its log, its tables, nor in arguments and environments of its processes', async () => {
    const script = path.resolve(import.meta.dirname, 'signing-host.ts')
    const host = spawn(process.execPath, [...readingTypeScript, script, token.folder, softHsmLibrary, token.pinFile], {
      env: { ...process.env, CANARY_TOKEN_PIN: token.pin },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(host.stdout, 'data')) as [Buffer]
      const { children, rows, variable } = JSON.parse(line.toString()) as { children: number[]; rows: number; variable: boolean }
      assert.equal(children.length, 2)
      assert.ok(rows > 5)
      assert.equal(variable, false)
      const proc = (pid: number | undefined, what: string): Buffer => readFileSync(`/proc/${pid}/${what}`)
      const places: Record<string, Buffer> = {
        heap: readFileSync(path.join(token.folder, 'host.heapsnapshot')),
        log: readFileSync(path.join(token.folder, 'log.ndjson')),
        dump: readFileSync(path.join(token.folder, 'dump.txt')),
        'arguments of the host': proc(host.pid, 'cmdline'),
      }
      for (const pid of children) {
        places[`arguments of ${pid}`] = proc(pid, 'cmdline')
        places[`environment of ${pid}`] = proc(pid, 'environ')
      }
      // The search finds what is there: a name of a key is in heap and tables.
      assert.ok(places['heap']?.includes('by-variable') === true && places['dump']?.includes('by-variable') === true)
      assert.ok(statSync(path.join(token.folder, 'host.heapsnapshot')).size > 1_000_000)
      for (const [place, bytes] of Object.entries(places)) {
        assert.equal(holds(bytes, token.pin), false, `PIN in ${place}`)
        assert.equal(holds(bytes, password), false, `password in ${place}`)
      }
    } finally {
      host.stdin.end()
      if (host.exitCode === null) await once(host, 'exit')
    }
  })
})
