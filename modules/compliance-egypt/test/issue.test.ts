import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { placeHostDatabase } from '../../../test/helpers/test-host.js'
import { canonicalText, itemsOf, memberOf, parseLiteral, textAt } from '../index.js'

/**
 * What a user does by hand: the examples through `khatm issue` on a fresh data folder, then every file judged by OpenSSL with the root
 * alone, by `khatm verify`, and by `khatm check`; and every file again after each way of tampering with it.
 */
const root = join(import.meta.dirname, '../../..')
const examples = join(root, 'modules/compliance-egypt/examples/in')
const names = ['1-invoice', '2-export', '3-receipt', '4-credit-note', '5-debit-note']

interface Line {
  readonly file: string
  readonly status: string
  readonly number: string
  readonly files: { readonly legal: string; readonly pdf: string }
}
interface Verdict {
  readonly id: string
  readonly verdict: string
  readonly integrity: string
  readonly findings: readonly { readonly code: string }[]
  readonly signatures: readonly { readonly findings: readonly { readonly code: string }[]; readonly subIndication: string | null }[]
}

/** A way of tampering: what becomes of the text, and the codes one of which says why it is refused. */
type Tamper = readonly [name: string, change: (text: string) => string, reasons: readonly string[]]

const digest = 'VERIFY-HASH'
const swap =
  (from: RegExp, to: string | ((...parts: string[]) => string)) =>
  (text: string): string =>
    typeof to === 'string' ? text.replace(from, to) : text.replace(from, to)

/** Every one of them is possible in every signed example. */
const tampers: readonly Tamper[] = [
  ['an amount', swap(/"totalAmount":(\d)/, (_all, digit) => `"totalAmount":${String((Number(digit) % 9) + 1)}`), [digest]],
  ['an amount of a line', swap(/"salesTotal":(\d)/, (_all, digit) => `"salesTotal":${String((Number(digit) % 9) + 1)}`), [digest]],
  ['a zero more', swap(/"totalAmount":(\d+\.\d\d)/, '"totalAmount":$10'), [digest]],
  ['a zero less', swap(/"extraDiscountAmount":0\.00/, '"extraDiscountAmount":0.0'), [digest]],
  ['a letter of Arabic', swap(/شركة/, 'شركه'), [digest]],
  ['a mark over a letter', swap(/القاهرة/, 'ألقاهرة'), [digest]],
  ['the case of a value', swap(/"itemCode":"EG-/, '"itemCode":"Eg-'), [digest]],
  ['the case of a name', swap(/"internalID"/, '"internalId"'), ['EG-JSON-FIELD-UNKNOWN']],
  ['two fields in another order', swap(/("documentType":"\w+"),("documentTypeVersion":"1.0")/, '$2,$1'), [digest]],
  [
    'an amount in another object',
    swap(/,"amountEGP":([\d.]+)((?:,[^}]*)?)\}/, '$2},"amountEGP":$1'),
    ['EG-JSON-FIELD-UNKNOWN', 'EG-JSON-SYNTAX'],
  ],
  ['a field out of its object', swap(/,"name":("[^"]*")\},"receiver"/, '},"name":$1,"receiver"'), ['EG-JSON-FIELD-UNKNOWN']],
  ['a line twice', swap(/"invoiceLines":\[(\{.*?\]\})/, '"invoiceLines":[$1,$1'), [digest]],
  ['no lines', swap(/"invoiceLines":\[.*\],"totalDiscountAmount"/, '"invoiceLines":[],"totalDiscountAmount"'), ['EG-JSON-COUNT']],
  ['a number as text', swap(/"totalAmount":([\d.]+)/, '"totalAmount":"$1"'), ['EG-JSON-KIND']],
  ['a text as number', swap(/"branchID":"0"/, '"branchID":0'), ['EG-JSON-KIND']],
  [
    'a list of one as its element',
    swap(/"taxTotals":\[(\{[^\]]*\})\]/, '"taxTotals":{"taxTotals":$1}'),
    ['EG-JSON-KIND', 'EG-JSON-SYNTAX'],
  ],
  ['an exponent', swap(/"totalAmount":([\d.]+)/, '"totalAmount":$1e0'), ['EG-JSON-DECIMAL']],
  ['a field twice', swap(/"totalAmount":([\d.]+)/, '"totalAmount":$1,"totalAmount":$1'), ['EG-JSON-NAME-TWICE']],
  ['a field more', swap(/"totalAmount"/, '"note":"","totalAmount"'), ['EG-JSON-FIELD-UNKNOWN']],
  ['an escape for a letter', swap(/"country":"EG"/, '"country":"\\u0045G"'), ['EG-JSON-ESCAPE']],
  ['no signature', swap(/,"signatures":\[.*\]\}$/, '}'), ['EG-SIGNATURE-ABSENT']],
  ['no signature in the list', swap(/"signatures":\[.*\]\}$/, '"signatures":[]}'), ['EG-JSON-COUNT']],
  ['a signature of a provider instead', swap(/"signatureType":"I"/, '"signatureType":"S"'), ['EG-SIGNATURE-ISSUER']],
  ['a byte of the signature', swap(/(.{4})(={0,2}"\}\]\}$)/, (_all, end, rest) => `${end === 'AAAA' ? 'BBBB' : 'AAAA'}${rest}`), []],
]

const receiptTampers: readonly Tamper[] = [
  ['an amount', swap(/"totalAmount":(\d)/, (_all, digit) => `"totalAmount":${String((Number(digit) % 9) + 1)}`), ['EG-RECEIPT-UUID']],
  ['a zero less', swap(/"unitPrice":12\.50/, '"unitPrice":12.5'), ['EG-RECEIPT-UUID']],
  ['a letter', swap(/قلم/, 'قلمم'), ['EG-RECEIPT-UUID']],
  ['its predecessor', swap(/"previousUUID":"[^"]*"/, `"previousUUID":"${'a'.repeat(64)}"`), ['EG-RECEIPT-UUID']],
  ['a number as text', swap(/"totalAmount":([\d.]+)/, '"totalAmount":"$1"'), ['EG-JSON-KIND']],
  ['a field out of its object', swap(/,"currency":"EGP"\}/, '},"currency":"EGP"'), ['EG-JSON-FIELD-UNKNOWN', 'EG-JSON-FIELD-MISSING']],
]

describe('khatm issue in Egypt', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-egypt-issue-'))
  const out = join(folder, 'out')
  const lines = new Map<string, Line>()
  const khatm = (input: string, ...args: string[]): { status: number | null; stdout: Buffer; stderr: string } => {
    const run = spawnSync('node', [join(root, 'bin/khatm.mjs'), ...args], { cwd: root, input, maxBuffer: 64 * 1024 * 1024 })
    return { status: run.status, stdout: run.stdout, stderr: run.stderr.toString() }
  }
  const legal = (name: string): string => join(out, lines.get(name)?.files.legal ?? 'missing')
  const openssl = (cms: string, text: string): ReturnType<typeof spawnSync> =>
    spawnSync('openssl', [
      ...['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', cms, '-content', text],
      ...['-CAfile', join(out, 'trust.pem'), '-purpose', 'any', '-out', join(folder, 'content')],
    ])
  /** One service judges them all. */
  const verify = (files: readonly string[]): ReadonlyMap<string, Verdict> => {
    const requests = files.map((file) => JSON.stringify({ id: file, file, trust: [join(out, 'trust.pem')] }))
    const { stdout, stderr } = khatm(`${requests.join('\n')}\n`, 'verify', '--stdio', '--data', join(folder, 'data'))
    const answers = stdout.toString().trim().split('\n')
    assert.equal(answers.length, files.length, stderr)
    return new Map(answers.map((answer) => JSON.parse(answer) as Verdict).map((verdict) => [verdict.id, verdict])) // its documented shape
  }

  before(async () => {
    mkdirSync(join(folder, 'data'))
    await placeHostDatabase(join(folder, 'data'))
    const files = names.map((name) => join(examples, `${name}.json`))
    const { status, stderr } = khatm('', 'issue', ...files, '--out', out, '--data', join(folder, 'data'), '--json')
    assert.equal(status, 0, `${stderr}\n${readFileSync(join(out, 'result.ndjson'), 'utf8')}`)
    for (const text of readFileSync(join(out, 'result.ndjson'), 'utf8').trim().split('\n')) {
      const line = JSON.parse(text) as Line // the command's documented shape
      lines.set(line.file.replace('.json', ''), line)
    }
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('has every example accepted: its JSON, its PDF, and the roots they are judged by', () => {
    assert.deepEqual([...lines.keys()], names)
    for (const { status, files } of lines.values()) {
      assert.equal(status, 'accepted')
      for (const file of [files.legal, files.pdf, 'trust.pem']) assert.ok(existsSync(join(out, file)), file)
    }
    const types = names.map((name) => /"(?:documentType":"|receiptType":")(\w+)/.exec(readFileSync(legal(name), 'utf8'))?.[1])
    assert.deepEqual(types, ['I', 'EI', 's', 'C', 'D'])
  })

  it('signs what OpenSSL verifies with the root alone, and nothing else', () => {
    const [cms, text] = [join(folder, 'x.p7s'), join(folder, 'x.txt')]
    for (const name of names.filter((one) => one !== '3-receipt')) {
      if (name === '1-invoice') {
        assert.equal(khatm('', 'eta', 'text', legal(name), '--out', text).status, 0)
        assert.equal(khatm('', 'eta', 'cms', legal(name), '--out', cms).status, 0)
      } else {
        const json = readFileSync(legal(name))
        const [signature] = itemsOf(memberOf(parseLiteral(json), 'signatures'))
        assert.ok(signature)
        writeFileSync(text, canonicalText(json))
        writeFileSync(cms, Buffer.from(textAt(signature, 'value') ?? '', 'base64'))
      }
      const good = openssl(cms, text)
      assert.equal(good.status, 0, good.stderr.toString())
      assert.ok(readFileSync(join(folder, 'content')).equals(readFileSync(text)))
      const other = readFileSync(text)
      other[other.length - 2] = (other[other.length - 2] ?? 0) ^ 1
      writeFileSync(text, other)
      const bad = openssl(cms, text)
      assert.notEqual(bad.status, 0)
      assert.match(bad.stderr.toString(), /digest|verification failure/i)
    }
  })

  it('says the hash that sha256sum says of the text, and the name of a receipt', () => {
    const text = join(folder, 'h.txt')
    assert.equal(khatm('', 'eta', 'text', legal('1-invoice'), '--out', text).status, 0)
    const sum = spawnSync('sha256sum', [text]).stdout.toString().slice(0, 64)
    assert.equal(khatm('', 'eta', 'hash', legal('1-invoice')).stdout.toString().trim(), sum)
    const uuid = /"uuid":"([0-9a-f]{64})"/.exec(readFileSync(legal('3-receipt'), 'utf8'))?.[1]
    assert.equal(khatm('', 'eta', 'hash', legal('3-receipt')).stdout.toString().trim(), uuid)
    const absent = khatm('', 'eta', 'cms', legal('1-invoice'), '--number', '2')
    assert.deepEqual([absent.status, absent.stderr.includes('EG-SIGNATURE-NUMBER')], [1, true])
  })

  it('passes khatm verify, JSON and PDF; a receipt is whole and has no signature', () => {
    const files = names.flatMap((name) => [legal(name), join(out, lines.get(name)?.files.pdf ?? '')])
    const verdicts = verify(files)
    for (const file of files) {
      const { verdict, integrity } = verdicts.get(file) ?? {}
      assert.deepEqual([verdict, integrity], [file === legal('3-receipt') ? 'indeterminate' : 'passed', 'intact'], file)
    }
  })

  it('fires no rule of khatm check', () => {
    const { status, stdout } = khatm('', 'check', ...names.map(legal), '--rules', 'eta', '--json')
    assert.equal(status, 0, stdout.toString())
    for (const { fired, faults } of JSON.parse(stdout.toString()) as { fired: unknown[]; faults: unknown[] }[]) {
      assert.deepEqual([fired, faults], [[], []])
    }
  })

  it('refuses every change of every file, and says why', () => {
    const made: { file: string; name: string; reasons: readonly string[] }[] = []
    for (const name of names) {
      const text = readFileSync(legal(name), 'utf8')
      for (const [what, change, reasons] of name === '3-receipt' ? receiptTampers : tampers) {
        const other = change(text)
        assert.notEqual(other, text, `${name}: ${what} cannot be done`)
        const file = join(folder, `${name}-${String(made.length)}.json`)
        writeFileSync(file, other)
        made.push({ file, name: `${name}: ${what}`, reasons })
      }
    }
    const verdicts = verify(made.map(({ file }) => file))
    for (const { file, name, reasons } of made) {
      const found = verdicts.get(file)
      assert.ok(found, name)
      assert.equal(found.verdict, 'failed', name)
      assert.ok(
        found.integrity === 'broken' || (found.integrity === 'none' && name.endsWith('no signature')),
        `${name}: ${found.integrity}`,
      )
      const codes = [...found.findings, ...found.signatures.flatMap((one) => one.findings)].map(({ code }) => code)
      assert.ok(codes.length > 0, name)
      if (reasons.length > 0)
        assert.ok(
          reasons.some((code) => codes.includes(code)),
          `${name}: ${codes.join()}`,
        )
    }
    assert.equal(made.length, 4 * tampers.length + receiptTampers.length)
    const [one] = made
    assert.equal(khatm('', 'verify', one?.file ?? '', '--trust', join(out, 'trust.pem')).status, 1)
  })
})
