import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { SoftToken, softHsmIsHere } from '../../../core/signing/test/soft-token.js'
import { TrustFolder } from '../../../core/validation/trust/trust-folder.js'
import { startTestHost } from '../../../test/helpers/test-host.js'
import { startSandbox } from '../../sandbox/index.js'
import { updateCompany } from '../company/company-rows.js'
import { examinationDossier, type DossierReport } from '../index.js'
import { addDeviceCertificate } from '../law/device-certificates.js'
import { addMandate } from '../law/mandates.js'
import { registerExamination } from '../law/examinations.js'
import { addTimeAuthority } from '../law/time-authorities.js'
import { CleanFolder } from './clean-folder.js'
import { egyptianCompany, post } from './running-company.js'

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('Examination dossier of a signature by a token', function () {
  this.timeout(180_000)
  if (!softHsmIsHere) {
    it('needs the Debian packages softhsm2 and opensc')
    return
  }

  it('the token’s own facts show Articles 1(12), 2 and 3(d); its code kept by the host leaves 10 open; ground 9(b), then 9(a)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'khatm-token-dossier-'))
    const token = new SoftToken('e-invoices')
    token.generate('rsa:2048', '31', 'e-invoices')
    const sandbox = await startSandbox({ dataDir: join(folder, 'sandbox') })
    const running = await startTestHost({
      config: {
        sandbox: { url: sandbox.url, trustAnchors: [sandbox.caCertificate.toString('base64')] },
        allowedPrivateOrigins: [new URL(sandbox.url).origin],
        signing: { pkcs11: [token.configuration()] },
      },
    })
    try {
      const { host } = running
      const context = await egyptianCompany(running)
      const key = await host.db.company(context.companyId, (transaction) =>
        host.signing.adoptTokenKey(transaction, context, {
          name: 'Token',
          purposes: ['stamp-e-invoice'],
          module: 'soft',
          tokenLabel: token.label,
          keyId: '31',
        }),
      )
      const chain = await sandbox.issueCertificate({
        spki: key.publicKey,
        subject: [
          { type: 'C', value: 'EG' },
          { type: 'ORGANIZATIONIDENTIFIER', value: 'VATEG-900100200' },
          { type: 'OU', value: 'NID 29001011234567' },
          { type: 'CN', value: 'منى عبد الله' },
        ],
        profile: 'egypt-invoice',
      })
      await host.db.company(context.companyId, async (transaction) => {
        await host.signing.installCertificates(transaction, context, key.id, chain)
        await updateCompany(transaction, { key_id: key.id }, host.now())
      })
      await addMandate(host, context, {
        keyId: key.id,
        signer: 'منى عبد الله 29001011234567',
        principal: 'شركة المثال',
        capacity: 'مدير',
        document: 'توكيل 12',
        from: '2020-01-01',
        until: '',
      })
      const { company: _company, ...input } = JSON.parse(
        readFileSync(join(import.meta.dirname, '../examples/in/1-invoice.json'), 'utf8'),
      ) as Record<string, unknown> // an object, as the examples are
      const [posted] = await post(host, context, input)
      const dossier = async (of = posted): Promise<DossierReport> => {
        writeFileSync(join(folder, 'dossier.zip'), await examinationDossier(host, context, of?.invoiceId ?? ''))
        execFileSync('python3', ['-m', 'zipfile', '-e', 'dossier.zip', '.'], { cwd: folder })
        return JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as DossierReport // written by the dossier itself
      }
      const states = ({ articles }: DossierReport, ...wanted: string[]): string[] =>
        wanted.map((article) => `${article} ${articles.find((one) => one.article === article)?.state ?? ''}`)

      const first = await dossier()
      assert.equal(first.evidence?.provider, 'pkcs11')
      // Art. 8(b): what signed, by version; of the token's library its own word and the digest of its file.
      const { software } = first.evidence
      assert.deepEqual([software?.node, software?.openssl], [process.versions.node, process.versions.openssl])
      const library = token.configuration().library
      assert.deepEqual([software?.driver?.library, software?.driver?.sha256], [basename(library), digestOf(readFileSync(library))])
      assert.match(software?.driver?.version ?? '', /^\d+\.\d+$/)
      assert.deepEqual(
        first.articles.find(({ article }) => article === '8(b)')?.findings.map(({ code }) => code),
        ['EG-ART-SOURCE', 'EG-ART-SOFTWARE', 'EG-ART-DRIVER'],
      )
      assert.deepEqual(states(first, '1(5)'), ['1(5) shown'])
      assert.deepEqual(states(first, '1(12)', '2(a)', '3(d)', '10', '11', '9'), [
        '1(12) shown',
        '2(a) shown',
        '3(d) shown',
        '10 not-shown',
        '11 shown',
        '9 not-shown',
      ])
      // The certificate carries a person's number: reports and evidence do not repeat it, the certificate itself stays as it is.
      for (const name of ['report.json', 'evidence.json', 'event-log.json'])
        assert.ok(!readFileSync(join(folder, name), 'utf8').includes('29001011234567'), name)
      const words = execFileSync('pdftotext', ['report.pdf', '-'], { cwd: folder, encoding: 'utf8' }).replace(/\p{Cf}/gu, '')
      assert.ok(!words.includes('29001011234567') && words.includes('290•••••••••67'))
      // Every answer is verified by openssl alone, those about issuers like the one about the signer.
      const whole = new CleanFolder(readFileSync(join(folder, 'dossier.zip')))
      try {
        const said = [...whole.checkAll().entries()]
        for (const file of ['certificates/signer.pem', 'certificates/issuer-1.pem']) {
          const [verified, status] = said.filter(([line]) => line.includes(` -cert ${file} `))
          assert.match(verified?.[1] ?? '', /Response verify OK/, file)
          assert.match(status?.[1] ?? '', new RegExp(`^${file}: good$`, 'm'))
        }
        const answers = first.revocation.flatMap(({ about }) => about.map(({ certificate, status }) => [certificate, status]))
        assert.deepEqual(answers.sort(), [
          ['certificates/issuer-1.pem', 'good'],
          ['certificates/signer.pem', 'good'],
        ])
      } finally {
        whole.remove()
      }

      // Art. 3(c): the number the company states counts for the model the token tells of itself, and for no other.
      const stated = { keyId: key.id, standard: 'FIPS 140-2 level 3', number: '1234', from: '2020-01-01', until: '' }
      await addDeviceCertificate(host, context, { ...stated, model: 'Luna K7' })
      assert.deepEqual(states(await dossier(), '3(c)'), ['3(c) not-shown'])
      await addDeviceCertificate(host, context, { ...stated, model: 'SoftHSM v2' })
      assert.deepEqual(states(await dossier(), '3(c)'), ['3(c) shown'])
      await assert.rejects(addDeviceCertificate(host, { ...context, groups: new Set() }, { ...stated, model: 'x' }))

      const examined = { number: 'ITIDA-EX-1', issuedOn: new Date().toISOString().slice(0, 10) }
      await registerExamination(host, context, posted?.invoiceId ?? '', examined)
      assert.equal((await dossier()).basis.basis, '9b')
      const root = chain.at(-1) ?? assert.fail('no root')
      new TrustFolder(running.dataDir).add(root, 'EG', 'root.pem')
      const last = await dossier()
      // As it was judged when it was signed stays beside what can be judged now.
      assert.deepEqual([last.basis.basis, last.basisWhenSigned?.basis], ['9a', 'none'])

      // What the revoked certificate signs afterwards has no sound one: neither point (a) nor ground 9(a). What it signed before keeps both.
      await addTimeAuthority(host, context, { name: 'Archive', url: `${sandbox.url}/tsa`, concerned: false })
      assert.ok(sandbox.revoke(chain[0] ?? assert.fail('no certificate'), 'keyCompromise'))
      const [later] = await post(host, context, input)
      const revoked = await dossier(later)
      assert.deepEqual([revoked.points[0]?.state, revoked.revocationMissing?.code], ['contradicted', 'SIGN-CERT-REVOKED'])
      // The proof lies in it: the responder's own bytes, their digest, and an archive's token over them.
      const proof = revoked.revocation.find(({ ofSigner }) => ofSigner) ?? assert.fail('no answer about the signer')
      assert.deepEqual(
        proof.about.map(({ certificate, status, reason }) => [certificate, status, reason]),
        [['certificates/signer.pem', 'revoked', 'keyCompromise']],
      )
      const bytes = readFileSync(join(folder, proof.file))
      assert.equal(digestOf(bytes), proof.sha256)
      assert.deepEqual(
        proof.stamps.map(({ authority, over, dependence }) => [authority, over, dependence]),
        [['Khatm Sandbox Time Stamps', true, 'sandbox']],
      )
      assert.ok(revoked.points[0]?.proof.includes(proof.file))
      const clean = new CleanFolder(readFileSync(join(folder, 'dossier.zip')))
      try {
        const said = [...clean.checkAll().entries()]
        assert.ok(
          said.some(
            ([line, answer]) => line.includes('-cert certificates/signer.pem') && /: revoked\n.*Reason: keyCompromise/s.test(answer),
          ),
        )
        const stamp = proof.stamps[0]?.file ?? ''
        assert.ok(
          said.some(
            ([line, answer]) => line.includes(`-data ${proof.file} `) && line.includes(stamp) && answer.includes('Verification: OK'),
          ),
        )
      } finally {
        clean.remove()
      }
      // Kept with what was found in it: the authority is not asked a second time, and could not take it back.
      sandbox.faults.inject({ kind: 'error-503', path: '/ocsp', times: 0 })
      const kept = await dossier(later)
      sandbox.faults.clear()
      assert.deepEqual(
        [kept.revocationMissing?.code, kept.revocation.find(({ ofSigner }) => ofSigner)?.sha256, kept.revocation.every((one) => one.kept)],
        ['SIGN-CERT-REVOKED', proof.sha256, true],
      )
      assert.deepEqual([revoked.basis.basis, revoked.basisWhenSigned?.basis], ['none', '9a'])
      assert.ok(revoked.basis.reasons.includes('EG-BASIS-REVOKED'))
      assert.deepEqual(states(revoked, '3(e)', '9'), ['3(e) contradicted', '9 not-shown'])
      const before = await dossier()
      assert.deepEqual([before.points[0]?.state, before.basis.basis, before.revocationMissing], ['shown', '9a', null])
      // The same proof lies in it, and tells that the revocation came later.
      const since = before.revocation.find(({ ofSigner }) => ofSigner)?.about[0]?.revokedAt ?? ''
      assert.ok(since > (before.signedAt ?? ''), since)
    } finally {
      await running.stop()
      await sandbox.close()
      token.remove()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
