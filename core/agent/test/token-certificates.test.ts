import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { certificateInUse } from '../../signing/keys/pkcs11/certificate-in-use.js'
import { Pkcs11KeyProvider } from '../../signing/keys/pkcs11/pkcs11-provider.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../signing/test/soft-token.js'
import { certify, issueCertificate } from '../../signing/test/test-authority.js'
import { Tokens } from '../tokens.js'

const day = 86_400_000
const at = (days: number): Date => new Date(Date.now() + days * day)

describe('Certificates on a token', function () {
  this.timeout(180_000)
  if (!softHsmIsHere) {
    it('needs the Debian package softhsm2')
    return
  }
  const root = issueCertificate({ commonName: 'Root', ca: true })
  let token: SoftToken
  const spkiOf = (label: string): Buffer => {
    const args = ['--module', softHsmLibrary, '--token-label', token.label, '--read-object', '--type', 'pubkey', '--label', label]
    return execFileSync('pkcs11-tool', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  }
  const certified = (label: string, commonName: string, notBefore: Date, notAfter: Date): Buffer => {
    const publicKey = createPublicKey({ key: spkiOf(label), format: 'der', type: 'spki' })
    return certify({ commonName, issuer: root, notBefore, notAfter }, 'rsa-2048', publicKey, root.privateKey).der
  }
  const listed = async (): Promise<Tokens> => {
    const tokens = new Tokens({
      libraries: [{ name: 'soft', title: 'SoftHSM', file: softHsmLibrary }],
      pinFile: null,
      warn: () => undefined,
    })
    await tokens.look()
    return tokens
  }

  before(() => {
    token = new SoftToken('office')
  })
  after(() => {
    token.remove()
  })

  it('a renewal leaves two certificates for one key: the one in force that ends last is used, by a desk and by the host', async () => {
    token.generate('rsa:2048', '01', 'renewed')
    for (const [name, from, to] of [
      ['over', -900, -1],
      ['old', -700, 20],
      ['new', -2, 1000],
      ['next', 30, 2000],
    ] as const)
      token.installCertificate(certified('renewed', name, at(from), at(to)), '01', 'renewed')
    token.installCertificate(root.der, '0a', 'issuer')
    const tokens = await listed()
    const [shown] = tokens.present
    tokens.close()
    assert.deepEqual(
      shown?.keys.map(({ keyId, certificates }) => [keyId, ...certificates.map((der) => readCertificate(der).holder)]),
      [['01', 'new', 'Root']],
      'one key, and the certificate of its issuer is none',
    )
    const provider = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
    const found = await provider.findKey({ module: 'soft', tokenLabel: 'office', keyId: '01' })
    await provider.close()
    assert.deepEqual(
      found.certificates.map((der) => readCertificate(der).holder),
      ['new', 'Root'],
    )
  })

  it('a self-signed certificate of the program that made the key is not the one of the authority, however long it lasts', () => {
    const shape = (issuerKey: string, days: number) => ({ notBefore: at(-1), notAfter: at(days), issuerKey, subjectKey: 'holder' })
    const [own, issued] = [shape('holder', 9000), shape('authority', 900)]
    assert.equal(certificateInUse([own, issued], new Date()), issued)
    assert.equal(certificateInUse([own], new Date()), own)
  })

  it('two tokens with one label are told apart by their serials', async () => {
    execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'office', '--so-pin', '12345678', '--pin', '1111'], {
      stdio: 'ignore',
    })
    const tokens = await listed()
    const found = tokens.present.map(({ token: one, keys }) => [one.label, one.serial, keys.length])
    const [publicKey] = tokens.present.flatMap(({ keys }) => keys).map((key) => Buffer.from(key.publicKey).toString('base64'))
    assert.deepEqual(
      found.map(([label]) => label),
      ['office', 'office'],
    )
    assert.equal(new Set(found.map(([, serial]) => serial)).size, 2)
    const holding = found.find(([, , keys]) => keys === 1)?.[1]
    // The serial of the other token, as a host with an old note of it would name it: the key decides.
    for (const serial of found.map(([, one]) => String(one)))
      assert.equal(tokens.keyFor(publicKey ?? '', serial)?.token.token.serial, holding)
    tokens.close()
    const provider = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
    const bySerial = await provider.findKey({ module: 'soft', tokenSerial: String(holding), keyId: '01' })
    assert.equal(bySerial.stored['tokenSerial'], holding)
    await assert.rejects(provider.findKey({ module: 'soft', tokenLabel: 'office', keyId: '01' }), /SIGN-TOKEN-AMBIGUOUS|SIGN-TOKEN/)
    await provider.close()
  })
})
