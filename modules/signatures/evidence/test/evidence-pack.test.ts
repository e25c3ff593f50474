import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson } from '../../../../core/audit/canonical-json.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { toPem } from '../../../../core/signing/certificate-request.js'
import { asicPaths } from '../../../../core/signing/formats/asic/asic-paths.js'
import { writeZip } from '../../../../core/files/zip-writer.js'
import { readZip } from '../../../../core/validation/asic/zip-reader.js'
import { createVerifiers } from '../../../../core/validation/create-verifiers.js'
import { embeddedFiles } from '../../../../core/validation/pdf/embedded-files.js'
import { IsolatedVerifiers } from '../../../../core/validation/isolated/isolated-verifiers.js'
import type { DocumentVerdict } from '../../../../core/validation/verdict.js'
import { headlineKind } from '../../../verification/index.js'
import { requestEventHash } from '../../services/events.js'
import { hostAuthorityRoot } from '../../services/signing/host-authority.js'
import { makeCompletionFiles, type CompletionFiles } from '../completion-files.js'
import { eventLines, readEventLines } from '../event-lines.js'
import { makeEvidencePack } from '../evidence-pack.js'
import { EvidencePackVerifier } from '../judge-pack.js'
import { evidenceHouse, finishedRequest, type EvidenceHouse, type FinishedRequest } from './finished-request.js'

describe('evidence of a finished request', function () {
  this.timeout(180_000)
  let house: EvidenceHouse
  let finished: FinishedRequest
  let files: CompletionFiles
  let pack: Buffer
  let trust: Buffer[]
  // A verifier without host, database or company: what a stranger has.
  const verifiers = createVerifiers()
  verifiers.add(new EvidencePackVerifier())
  const judge = (bytes: Uint8Array): Promise<DocumentVerdict> => verifiers.verify('pack.asice', bytes, { trust })
  const codes = ({ findings }: DocumentVerdict): string[] => findings.map((finding) => finding.code)

  before(async () => {
    house = await evidenceHouse('LTA')
    finished = await finishedRequest(house, { locale: 'ar' })
    const { request, events, sealed } = finished
    files = await makeCompletionFiles(house.host.host, house.context, request, events)
    const attachment = {
      id: 'a',
      signerId: request.signers[0]?.id ?? '',
      fieldId: 'id-copy',
      sha256: finished.attachment.sha256,
      name: 'بطاقة الهوية.pdf',
      mediaType: 'application/pdf',
      size: finished.attachment.bytes.length,
    }
    pack = await makeEvidencePack(house.host.host, house.context, { request, sealed, ...files, events, attachments: [attachment] })
    const own = await hostAuthorityRoot(house.host.host, house.context.companyId)
    assert.ok(own)
    trust = [own, house.sandbox.caCertificate]
    writeFileSync(join(house.folder, 'roots.pem'), trust.map((der) => toPem('CERTIFICATE', der)).join(''))
    writeFileSync(join(house.folder, 'pack.asice'), pack)
  })
  after(() => house.stop())

  it('certificate and log are sealed PDF/A with their facts inside, as pdfsig and pdfdetach see them', () => {
    for (const [name, pdf] of Object.entries(files) as [string, Buffer][]) {
      const file = join(house.folder, `${name}.pdf`)
      writeFileSync(file, pdf)
      assert.match(execFileSync('pdfsig', ['-nocert', file]).toString(), /Signature is Valid/)
      assert.match(execFileSync('pdfinfo', ['-meta', file]).toString(), /pdfaid:part>3/)
    }
    const folder = join(house.folder, 'detached')
    mkdirSync(folder)
    execFileSync('pdfdetach', ['-saveall', '-o', folder, join(house.folder, 'eventLog.pdf')])
    assert.deepEqual(readFileSync(join(folder, 'events.ndjson')), eventLines(finished.events))
    const text = execFileSync('pdftotext', ['-layout', join(house.folder, 'certificate.pdf'), '-']).toString()
    for (const part of ['sara@example.com', '203.0.113.7', 'PAdES-BASELINE-LTA', 'Khatm Sandbox Time Stamps', 'not judge the content'])
      assert.ok(text.includes(part), part)
    assert.ok(!text.includes('+966501234567'), 'a phone number is masked')
  })

  it('states of each person how they were known and what they signed with', () => {
    const facts = JSON.parse(embeddedFiles(files.certificate).get('completion.json')?.toString() ?? '') as {
      people: {
        name: string
        proofs: { method: string }[]
        certificate: { own: boolean; level: string; stampedAt: string | null } | null
      }[]
      document: Record<string, unknown>
    }
    assert.deepEqual(
      facts.people.map(({ proofs, certificate }) => [proofs.map((proof) => proof.method).join(), certificate?.own, certificate?.level]),
      [
        ['email-code', true, 'PAdES-BASELINE-LTA'],
        ['email-code,pin', true, 'PAdES-BASELINE-LTA'],
        ['email-code', undefined, undefined],
      ],
    )
    assert.deepEqual(facts.document, {
      originalSha256: finished.request.originalSha256,
      frozenSha256: finished.request.frozenSha256,
      finishedSha256: finished.request.sealedSha256,
      pages: 1,
    })
  })

  it('a log that does not hold is not sealed', async () => {
    const changed = finished.events.map((event, index) =>
      index === 3 ? { ...event, actor: { ...event.actor, name: 'Somebody else' } } : event,
    )
    await assert.rejects(
      makeCompletionFiles(house.host.host, house.context, finished.request, changed),
      (error) => error instanceof Fault && error.code === 'SIGNATURES-EVENT-LOG-BROKEN' && error.params.at === 4,
    )
  })

  it('passes with the roots alone, with all that is signed in it', async () => {
    const verdict = await judge(pack)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.findings))
    assert.deepEqual(
      verdict.signatures.map((signature) => `${signature.name ?? ''} ${signature.indication}`),
      [
        `${asicPaths.signature} TOTAL-PASSED`,
        `${asicPaths.timeStamp} TOTAL-PASSED`,
        'document.pdf: employee.signature TOTAL-PASSED',
        'document.pdf: manager.signature TOTAL-PASSED',
        'document.pdf: Signature1 TOTAL-PASSED',
        'document.pdf: Timestamp1 TOTAL-PASSED',
        'certificate-of-completion.pdf: Signature1 TOTAL-PASSED',
        'certificate-of-completion.pdf: Timestamp1 TOTAL-PASSED',
        'event-log.pdf: Signature1 TOTAL-PASSED',
        'event-log.pdf: Timestamp1 TOTAL-PASSED',
      ],
    )
    const untrusted = await verifiers.verify('pack.asice', pack, { trust: [] })
    assert.deepEqual([untrusted.verdict, untrusted.integrity], ['indeterminate', 'intact'], 'its own roots are only to look at')
  })

  it('is an archive for unzip and Python, its signature holds for openssl', () => {
    const file = join(house.folder, 'pack.asice')
    assert.match(execFileSync('unzip', ['-t', file]).toString(), /No errors detected/)
    const listed = execFileSync('python3', [
      '-c',
      'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;print(z.infolist()[0].filename)',
      file,
    ])
    assert.equal(listed.toString().trim(), 'mimetype')
  })

  it('checks out with the commands of its own README, letter for letter', () => {
    const { entries } = readZip(pack)
    const readme = entries.find(({ name }) => name === 'README.txt')?.bytes.toString() ?? ''
    const folder = join(house.folder, 'follower')
    mkdirSync(folder)
    writeFileSync(join(folder, 'PACK.asice'), pack)
    writeFileSync(join(folder, 'roots.pem'), trust.map((der) => toPem('CERTIFICATE', der)).join(''))
    const commands = readme.split('\n').flatMap((line) => (line.startsWith('    ') && !line.includes('khatm ') ? [line.trim()] : []))
    assert.ok(commands.length >= 6, readme)
    const follow = (): { status: number | null; output: string } => {
      const run = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', commands.join('\n')], { cwd: folder, encoding: 'utf8' })
      return { status: run.status, output: run.stdout + run.stderr }
    }
    const { status, output } = follow()
    assert.equal(status, 0, output)
    assert.match(output, /CAdES Verification successful/)
    assert.match(output, /Verification: OK/)
    const digest = createHash('sha256').update(finished.sealed).digest('base64')
    assert.ok(output.includes(digest))
    assert.ok(entries.some(({ name, bytes }) => name === asicPaths.manifest && bytes.includes(digest)))
    assert.ok(!/Signature is Invalid/i.test(output), output)
    assert.equal(output.match(/Signature is Valid/g)?.length, 3)
    // Somebody who changes the log beside the sealed one is found by the same commands.
    const changed = entries.map(({ name, bytes }) => ({
      name,
      bytes: name === 'events.ndjson' ? Buffer.from(bytes.toString().replace('203.0.113.7', '203.0.113.8')) : bytes,
    }))
    writeFileSync(join(folder, 'PACK.asice'), writeZip(changed))
    rmSync(join(folder, 'pack'), { recursive: true })
    rmSync(join(folder, 'sealed-log'), { recursive: true })
    const other = follow()
    assert.notEqual(other.status, 0)
    assert.match(other.output, /differ/)
  })

  it('a changed byte is found wherever it is', async () => {
    const step = process.env.KHATM_FULL === '1' ? 61 : 2_003
    let tried = 0
    for (let at = 0; at < pack.length; at += step) {
      const changed = Buffer.from(pack)
      changed.writeUInt8((pack[at] ?? 0) ^ (1 << (at % 8)), at)
      const verdict = await judge(changed)
      assert.notEqual(verdict.verdict, 'passed', `byte ${at}`)
      tried += 1
    }
    assert.ok(tried > 10)
  })

  it('a changed byte is found in each file also when the archive was written anew around it', async () => {
    const { entries } = readZip(pack)
    const places = process.env.KHATM_FULL === '1' ? 30 : 1
    for (const { name, bytes } of entries) {
      for (let place = 1; place <= places; place += 1) {
        const at = Math.floor((bytes.length * place) / (places + 1))
        const changed = Buffer.from(bytes)
        changed.writeUInt8((bytes[at] ?? 0) ^ (1 << (at % 8)), at)
        const rewritten = writeZip(entries.map((entry) => ({ name: entry.name, bytes: entry.name === name ? changed : entry.bytes })))
        assert.equal((await judge(rewritten)).verdict, 'failed', `${name}, byte ${at}`)
      }
    }
  })

  it('is judged as the public page does it, in a process that has only the modules', async () => {
    const { host } = house.host
    const isolated = new IsolatedVerifiers({ config: host.config, timeoutMs: 100_000 })
    try {
      const file = 'SIGN-2026-00001.asice'
      const good = await isolated.verify({ file, bytes: pack, trust })
      assert.equal(good.verdict, 'passed', JSON.stringify(good.findings))
      const { entries } = readZip(pack)
      const changed = writeZip(
        entries.map(({ name, bytes }) => ({ name, bytes: name === 'README.txt' ? Buffer.concat([bytes, Buffer.from('!')]) : bytes })),
      )
      const bad = await isolated.verify({ file, bytes: changed, trust })
      assert.ok(codes(bad).includes('VERIFY-ASIC-CHANGED'))
      assert.equal(headlineKind(bad), 'altered')
    } finally {
      isolated.close()
    }
  })

  it('what was taken apart and put together again otherwise is found', async () => {
    const { entries } = readZip(pack)
    const without = (name: string): Buffer => writeZip(entries.filter((entry) => entry.name !== name))
    const [first, second, third, ...rest] = entries
    assert.ok(first && second && third)
    const cases: Record<string, [bytes: Buffer, code: string]> = {
      'a file left out': [without('README.txt'), 'VERIFY-ASIC-MISSING'],
      'a file put in': [writeZip([...entries, { name: 'annex.pdf', bytes: Buffer.from('%PDF-1.7') }]), 'VERIFY-ASIC-UNLISTED'],
      'two files in the other order': [
        writeZip([first, second, ...rest.slice(0, 1), third, ...rest.slice(1)]),
        'VERIFY-ASIC-NOT-AS-WRITTEN',
      ],
      'without the time stamp over all': [
        writeZip(entries.filter(({ name }) => name !== asicPaths.archiveManifest && name !== asicPaths.timeStamp)),
        'VERIFY-ASIC-NOT-AS-WRITTEN',
      ],
      'a comment behind it': [Buffer.concat([pack.subarray(0, -2), Buffer.from([5, 0]), Buffer.from('hello')]), 'VERIFY-ASIC-COMMENT'],
      'bytes behind it': [Buffer.concat([pack, Buffer.from('x')]), 'VERIFY-ASIC-MALFORMED'],
      'cut short': [pack.subarray(0, -1), 'VERIFY-ASIC-MALFORMED'],
    }
    for (const [what, [bytes, code]] of Object.entries(cases)) {
      const verdict = await judge(bytes)
      assert.equal(verdict.verdict, 'failed', what)
      assert.ok(codes(verdict).includes(code), `${what}: ${codes(verdict).join()}`)
    }
  })

  it('the company itself cannot tell another story in a new pack: the sealed log stands against it', async () => {
    const { request, sealed } = finished
    // Whoever owns database and seal rewrites an event and computes every hash anew.
    let before: Buffer = Buffer.alloc(32)
    const rewritten = finished.events.map((event) => {
      const { hash: _hash, ...rest } = event.sequence === 5 ? { ...event, origin: { ...event.origin, ip: '198.51.100.1' } } : event
      before = requestEventHash(before, rest)
      return { ...rest, hash: before }
    })
    const other = await makeEvidencePack(house.host.host, house.context, { request, sealed, ...files, events: rewritten, attachments: [] })
    const verdict = await judge(other)
    assert.equal(verdict.verdict, 'failed')
    assert.ok(codes(verdict).includes('SIGNATURES-PACK-LOG-SEALED'), codes(verdict).join())
    const shortened = await makeEvidencePack(house.host.host, house.context, {
      request,
      sealed,
      ...files,
      events: finished.events.slice(0, -1),
      attachments: [],
    })
    assert.ok(codes(await judge(shortened)).includes('SIGNATURES-PACK-LOG-SEALED'))
  })

  it('reads back the lines it wrote, and nothing that only looks like them', () => {
    const lines = eventLines(finished.events)
    assert.deepEqual(readEventLines(lines), finished.events)
    assert.equal(readEventLines(Buffer.from(lines.toString().replace('{"actor"', '{ "actor"'))), undefined)
    assert.equal(readEventLines(lines.subarray(0, -1)), undefined)
    assert.equal(canonicalJson(JSON.parse(lines.toString().split('\n')[0] ?? '')), lines.toString().split('\n')[0])
  })
})
