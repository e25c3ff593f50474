import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pairWithHost, Pairings } from '../../core/agent/pairings.js'
import { SigningDesk } from '../../core/agent/signing-desk.js'
import { Tokens } from '../../core/agent/tokens.js'
import { until } from '../helpers/until.js'
import { PDFDocument } from 'pdf-lib'
import type { CompanyContext } from '../../core/access/context.js'
import { configuredEvidence, configuredTimeStamp } from '../../core/signing/configured-authorities.js'
import { addSignatureFields } from '../../core/signing/formats/pades/add-signature-fields.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import type { KeyProviderKind } from '../../core/signing/key.js'
import { AgentKeyProvider } from '../../core/signing/keys/agent/agent-provider.js'
import { CscKeyProvider } from '../../core/signing/keys/csc/csc-provider.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { pageSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { startSandbox, type Sandbox } from '../../modules/sandbox/index.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'

const said = (command: string, ...args: string[]): string => {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return stdout + stderr
}

/** Text on the first page, saved incrementally by a library that knows nothing of signatures. */
async function drawText(pdf: Buffer): Promise<Buffer> {
  const document = await PDFDocument.load(pdf, { forIncrementalUpdate: true, updateMetadata: false })
  document.getPage(0).drawText('TOTAL 9,999,999.00', { x: 60, y: 500, size: 30 })
  return Buffer.from(await document.commit({ useObjectStreams: false }))
}

/** A note with an opaque picture over the page. */
async function drawNote(pdf: Buffer): Promise<Buffer> {
  const document = await PDFDocument.load(pdf, { forIncrementalUpdate: true, updateMetadata: false })
  const { context } = document
  const picture = context.register(context.stream('1 1 1 rg 0 0 300 60 re f', { Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 300, 60] }))
  const note = context.register(context.obj({ Type: 'Annot', Subtype: 'Stamp', Rect: [60, 480, 360, 540], F: 4, AP: { N: picture } }))
  document.getPage(0).node.addAnnot(note)
  return Buffer.from(await document.commit({ useObjectStreams: false }))
}

/**
 * The whole way of a signature: a running host, its signing service with policy and use log, a key in each kind of provider, certificates,
 * OCSP, lists and time stamps of the sandbox; then the file, judged by programs that are not ours.
 */
describe('PAdES at four levels with every kind of key', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-every-key-'))
  const keys = new Map<KeyProviderKind, string>()
  let sandbox: Sandbox
  let host: TestHost
  let context: CompanyContext
  let token: SoftToken
  let desk: SigningDesk
  const open: (() => Promise<void> | void)[] = []

  before(async function () {
    if (!softHsmIsHere) return this.skip()
    sandbox = await startSandbox({ dataDir: join(folder, 'sandbox') })
    open.push(() => sandbox.close())
    token = new SoftToken('desk')
    open.push(() => {
      token.remove()
    })
    token.generate('rsa:2048', '01', 'seal')
    token.generate('EC:prime256v1', '02', 'person')
    const clientSecretFile = join(folder, 'secret')
    const noFiles = { authorityFile: null, certificateFile: null, keyFile: null, pinFile: null }
    writeFileSync(clientSecretFile, sandbox.csc.clientSecret)
    host = await startTestHost({
      config: {
        signing: {
          timeStampUrl: sandbox.timeStampUrl,
          pkcs11: [token.configuration()],
          csc: [{ name: 'qtsp', url: `${sandbox.csc.url}/v2`, version: '2', clientId: sandbox.csc.clientId, clientSecretFile, ...noFiles }],
        },
        allowedPrivateOrigins: [new URL(sandbox.url).origin],
        sandbox: { url: sandbox.url, trustAnchors: [sandbox.caCertificate.toString('base64')] },
      },
    })
    open.push(() => host.stop())
    context = await host.company()
    keys.set('software', await softwareKey())
    keys.set('pkcs11', await tokenKey())
    keys.set('csc', await remoteKey())
    keys.set('agent', await deskKey())
  })
  after(async () => {
    for (const close of open.reverse()) await close()
    rmSync(folder, { recursive: true, force: true })
  })

  const company = <Result>(work: Parameters<typeof host.host.db.company<Result>>[1]): Promise<Result> =>
    host.host.db.company(context.companyId, work)

  /** A certificate of the sandbox's authority for a key that has none. */
  async function certify(keyId: string, name: string): Promise<string> {
    const { signing } = host.host
    const key = await company((transaction) => signing.key(transaction, keyId))
    const chain = await sandbox.issueCertificate({ spki: key.publicKey, subject: { C: 'SA', CN: name }, profile: 'person' })
    await company((transaction) => signing.installCertificates(transaction, context, keyId, chain))
    return keyId
  }

  async function softwareKey(): Promise<string> {
    const wanted = { name: 'Software', algorithm: 'ec-p384', purposes: ['sign-contract'] } as const
    const key = await company((transaction) => host.host.signing.generateKey(transaction, context, wanted))
    return certify(key.id, 'Software key')
  }

  async function tokenKey(): Promise<string> {
    const wanted = { name: 'Token', purposes: ['sign-contract'], module: 'soft', tokenLabel: token.label, keyId: '01' } as const
    const key = await company((transaction) => host.host.signing.adoptTokenKey(transaction, context, wanted))
    return certify(key.id, 'Token key')
  }

  async function remoteKey(): Promise<string> {
    const provider = host.host.signing.provider('csc')
    assert.ok(provider instanceof CscKeyProvider)
    const found = await provider.findKey({ service: 'qtsp', credentialId: 'seal-p256' })
    const wanted = { ...found, name: 'Remote', purposes: ['sign-contract'], provider: 'csc' } as const
    return (await company((transaction) => host.host.signing.adoptKey(transaction, context, wanted))).id
  }

  /** A desk program with a token of its own, paired with the running host; its person signs whatever is offered. */
  async function deskKey(): Promise<string> {
    const provider = host.host.signing.provider('agent')
    assert.ok(provider instanceof AgentKeyProvider)
    const { port } = await host.listen()
    const { code } = await company((transaction) => provider.desks.newCode(transaction, context))
    const pairing = await pairWithHost(`http://127.0.0.1:${String(port)}`, code, { name: 'Desk' })
    const place = mkdtempSync(join(folder, 'desk-'))
    new Pairings(place).add(pairing)
    const tokens = new Tokens({
      libraries: [{ name: 'soft', title: 'SoftHSM', file: softHsmLibrary }],
      pinFile: null,
      warn: () => undefined,
      lookMs: 200,
    })
    desk = new SigningDesk({ folder: place, pairings: [pairing], tokens, software: 'test', backOff: { first: 50, longest: 200 } })
    desk.bell.on('change', () => {
      const ids = desk.pending.map(({ offer }) => offer.id)
      if (ids.length > 0) void desk.sign(ids, Buffer.from(token.pin)).catch(() => undefined)
    })
    await desk.start()
    open.push(() => desk.close())
    await until('the host knows the keys of the desk', async () => {
      const [known] = await company((transaction) => provider.desks.list(transaction))
      return known?.tokens[0]?.keys.length === 2
    })
    const tokenSerial = desk.tokens.present[0]?.token.serial ?? ''
    const found = await provider.foundKey(context.companyId, { agentId: pairing.agentId, tokenSerial, keyId: '02' })
    const wanted = { ...found, name: 'Desk', purposes: ['sign-contract'], provider: 'agent' } as const
    const key = await company((transaction) => host.host.signing.adoptKey(transaction, context, wanted))
    return certify(key.id, 'Desk key')
  }

  for (const kind of ['software', 'pkcs11', 'csc', 'agent'] as const) {
    for (const level of ['B', 'T', 'LT', 'LTA'] as const) {
      it(`${kind} ${level}: our verifier, pdfsig and mutool agree`, async () => {
        const parts = { config: host.host.config, now: () => host.host.now() }
        const use = { purpose: 'sign-contract', subject: { type: 'contract', id: level, label: `C/${level}` } } as const
        const signed = await signPdf(typstPdf(pageSource), {
          signer: await host.host.signing.open(context, keys.get(kind) ?? '', use),
          signedAt: host.host.now(),
          level,
          timeStamp: configuredTimeStamp(parts),
          evidence: configuredEvidence(parts),
        })
        const file = join(folder, `${kind}-${level}.pdf`)
        writeFileSync(file, signed.pdf)
        const verdict = await host.host.verifiers.verify(file, signed.pdf, { trust: [sandbox.caCertificate] })
        assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
        assert.equal(verdict.signatures[0]?.level, `PAdES-BASELINE-${level}`)
        assert.match(said('pdfsig', '-nocert', file), /Signature #1:[\s\S]*?Signature Validation: Signature is Valid\./)
        assert.match(said('mutool', 'sign', '-v', file), /unchanged since signing|edits since signing/)
        assert.match(said('qpdf', '--check', file), /No syntax or stream encoding errors/)
      })
    }
  }

  it("three signers in sequence, the company's seal, an archive stamp: all valid, every later save listed as allowed", async () => {
    const parts = { config: host.host.config, now: () => host.host.now() }
    const timeStamp = configuredTimeStamp(parts)
    const evidence = configuredEvidence(parts)
    const subject = { type: 'contract', id: 'sequence', label: 'C/2026/9' }
    const shared = { signedAt: host.host.now(), timeStamp, evidence }
    let pdf = addSignatureFields(typstPdf(pageSource), [
      { name: 'employee', page: 1, rect: [40, 60, 140, 40] },
      { name: 'manager', page: 1, rect: [220, 60, 140, 40] },
      { name: 'witness', page: 1, rect: [400, 60, 140, 40] },
    ])
    for (const [fieldName, kind] of [
      ['employee', 'agent'],
      ['manager', 'pkcs11'],
      ['witness', 'csc'],
    ] as const) {
      const signer = await host.host.signing.open(context, keys.get(kind) ?? '', { purpose: 'sign-contract', subject })
      const next = (await signPdf(pdf, { ...shared, signer, fieldName, level: 'LT' })).pdf
      assert.ok(next.subarray(0, pdf.length).equals(pdf), 'earlier bytes are an exact prefix')
      pdf = next
    }
    const signer = await host.host.signing.open(context, keys.get('software') ?? '', { purpose: 'sign-contract', subject })
    const { pdf: sealed } = await signPdf(pdf, { ...shared, signer, fieldName: 'seal', level: 'LTA' })
    const file = join(folder, 'sequence.pdf')
    writeFileSync(file, sealed)
    const verdict = await host.host.verifiers.verify(file, sealed, { trust: [sandbox.caCertificate] })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.deepEqual(
      verdict.signatures.map((signature) => [signature.name, signature.indication, signature.changes.every((change) => change.allowed)]),
      [
        ['employee', 'TOTAL-PASSED', true],
        ['manager', 'TOTAL-PASSED', true],
        ['witness', 'TOTAL-PASSED', true],
        ['seal', 'TOTAL-PASSED', true],
        [verdict.signatures[4]?.name, 'TOTAL-PASSED', true],
      ],
    )
    assert.ok((verdict.signatures[0]?.changes.length ?? 0) >= 4)
    assert.equal(said('pdfsig', '-nocert', file).match(/Signature is Valid/g)?.length, 4)
    assert.match(said('qpdf', '--check', file), /No syntax or stream encoding errors/)
  })

  it('page text and a drawn-over note after a certifying seal fail here; pdfsig and mutool do not tell them from a signature', async () => {
    const subject = { type: 'contract', id: 'attack', label: 'C/2026/10' }
    const signer = await host.host.signing.open(context, keys.get('software') ?? '', { purpose: 'sign-contract', subject })
    const { pdf: sealed } = await signPdf(typstPdf(pageSource), { signer, signedAt: host.host.now(), certify: 2 })
    for (const attack of [drawText, drawNote]) {
      const changed = await attack(sealed)
      assert.ok(changed.subarray(0, sealed.length).equals(sealed))
      const file = join(folder, 'attack.pdf')
      writeFileSync(file, changed)
      assert.match(said('pdfsig', '-nocert', file), /Signature is Valid/)
      assert.match(said('mutool', 'sign', '-v', file), /edits since signing/)
      const verdict = await host.host.verifiers.verify(file, changed, { trust: [sandbox.caCertificate] })
      assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'])
      assert.ok(verdict.signatures[0]?.changes.some((change) => !change.allowed))
    }
  })

  it('every use is in the event log, each with its document', async () => {
    const rows: { facts: { purpose?: string } }[] = await company((transaction) =>
      transaction.knex('core_audit_event').where({ company_id: context.companyId, action: 'key.used' }).select(),
    )
    assert.equal(rows.length, 21)
  })
})
