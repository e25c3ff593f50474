import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes, sign, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RevocationSource } from '../../validation/revocation/evidence.js'
import { defaultDigest, digestIdentifier, signatureIdentifier } from '../algorithms.js'
import { encodeName } from '../certificate-request.js'
import { bitString, context, generalizedTime, integer, objectIdentifier, octetString, sequence, time } from '../der.js'
import { createSignedData } from '../formats/cades/signed-data.js'
import type { TimeStampClient } from '../tsp/time-stamp.js'
import { issueCertificate, signerOf, type TestCertificate } from './test-authority.js'

/** A document with what signing must leave alone: odd white space, comments, instructions, namespaces, Arabic. */
export const contract = Buffer.from(
  `\ufeff<?xml version='1.0' encoding="utf-8"?>\r\n<?style sheet?>\n<!-- before --><c:Contract xmlns:c="urn:contract" xmlns="urn:d"\r\n  xml:lang='ar'  c:no = "7">\r\n` +
    `  <Party Id="first"\t>شركة &amp; شركاء</Party><!-- inside --><Clause xmlns=""><![CDATA[<b>]]>&#13;</Clause><Empty/>\r\n</c:Contract>\n<!-- after -->\n`,
)

const names = { cac: 'CommonAggregateComponents-2', cbc: 'CommonBasicComponents-2', ext: 'CommonExtensionComponents-2' } as const
const declared = Object.entries(names).map(([prefix, name]) => `xmlns:${prefix}="urn:oasis:names:specification:ubl:schema:xsd:${name}"`)

/** A UBL 2.1 invoice, with or without a list of extensions. */
export function ublInvoice(extensions = ''): Buffer {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" ${declared.join(' ')}>\n  ${extensions}` +
      `<cbc:ID>INV-1</cbc:ID>\n  <cac:Signature><cbc:ID>urn:oasis:names:specification:ubl:signature:Invoice</cbc:ID></cac:Signature>\n</Invoice>\n`,
  )
}

/** The independent judge: libxmlsec with OpenSSL. */
export class XmlSec {
  readonly folder = mkdtempSync(join(tmpdir(), 'xades-'))
  private readonly root = join(this.folder, 'root.pem')

  constructor(authority: TestCertificate) {
    writeFileSync(this.root, authority.pem)
  }

  /** Undefined when xmlsec1 calls it valid, else what it says. */
  verify(xml: Buffer, more: readonly string[] = []): string | undefined {
    const file = join(this.folder, 'signed.xml')
    writeFileSync(file, xml)
    const args = ['--verify', '--trusted-pem', this.root, ...['SignedProperties', 'Party', 'Data'].flatMap(idAttribute), ...more, file]
    const run = spawnSync('xmlsec1', args, { encoding: 'utf8', cwd: this.folder })
    return run.status === 0 && run.stderr.startsWith('OK') ? undefined : run.stderr
  }

  write(name: string, bytes: Buffer): void {
    writeFileSync(join(this.folder, name), bytes)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function idAttribute(element: string): string[] {
  const namespace = element === 'SignedProperties' ? 'http://uri.etsi.org/01903/v1.3.2#:' : element === 'Party' ? 'urn:d:' : ''
  return [`--id-attr:Id`, `${namespace}${element}`]
}

/** A time stamp authority without a network: its token is what RFC 3161 says. */
export function timeStampAuthority(root: TestCertificate, at: Date): TimeStampClient {
  const authority = issueCertificate({
    commonName: 'Time',
    issuer: root,
    extendedKeyUsage: '1.3.6.1.5.5.7.3.8',
    keyUsage: 0b1000_0000,
  })
  const signer = signerOf(authority)
  return {
    async stamp(digestAlgorithm, digest) {
      const content = sequence(
        integer(1),
        objectIdentifier('1.2.3.4'),
        sequence(digestIdentifier(digestAlgorithm), octetString(digest)),
        integer(randomBytes(8)),
        generalizedTime(at),
      )
      const contentDigest = createHash(signer.digestAlgorithm).update(content).digest()
      const { cms } = await createSignedData({ signer, content, contentDigest, contentType: '1.2.840.113549.1.9.16.1.4' })
      return { token: cms, at, authority: 'Time' }
    },
  }
}

/** A list of the authority without entries (RFC 5280 section 5), of that day. */
export function emptyList(issuer: TestCertificate, at: Date): Buffer {
  const digest = defaultDigest(issuer.algorithm)
  const algorithm = signatureIdentifier('ecdsa', digest)
  const keyIdentifier = createHash('sha1')
    .update(issuer.publicKey.export({ format: 'der', type: 'spki' }))
    .digest()
  const authority = sequence(Buffer.concat([Buffer.from([0x80, keyIdentifier.length]), keyIdentifier]))
  const extensions = sequence(
    sequence(objectIdentifier('2.5.29.35'), octetString(authority)),
    sequence(objectIdentifier('2.5.29.20'), octetString(integer(1))),
  )
  const update = sequence(
    integer(1),
    algorithm,
    encodeName(issuer.name),
    time(at),
    time(new Date(at.getTime() + 7 * 86_400_000)),
    context(0, extensions),
  )
  return sequence(update, algorithm, bitString(sign(digest, update, issuer.privateKey)))
}

/** `openssl ocsp` answering for the authority: good. */
export function goodAnswer(folder: string, certificate: Buffer, issuer: TestCertificate): Buffer {
  const file = (name: string): string => join(folder, name)
  const { serialNumber } = new X509Certificate(certificate)
  writeFileSync(file('leaf.pem'), `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`)
  writeFileSync(file('issuer.pem'), issuer.pem)
  writeFileSync(file('issuer.key'), issuer.privateKey.export({ format: 'pem', type: 'pkcs8' }))
  writeFileSync(file('index'), `V\t350101000000Z\t\t${serialNumber}\tunknown\t/CN=leaf\n`)
  const asked = ['-issuer', file('issuer.pem'), '-cert', file('leaf.pem'), '-no_nonce', '-reqout', file('request')]
  execFileSync('openssl', ['ocsp', ...asked], { stdio: 'ignore' })
  const answering = ['-index', file('index'), '-CA', file('issuer.pem'), '-rsigner', file('issuer.pem'), '-rkey', file('issuer.key')]
  execFileSync('openssl', ['ocsp', ...answering, '-reqin', file('request'), '-ndays', '7', '-respout', file('answer')], { stdio: 'ignore' })
  return readFileSync(file('answer'))
}

/** Answers with OCSP for the first certificate and with the list for every other. */
export function offlineSource(folder: string, root: TestCertificate, at: Date): RevocationSource {
  return {
    evidenceFor(certificate) {
      const isAuthority = certificate.holder === 'Time'
      const crls = isAuthority ? [emptyList(root, at)] : []
      const ocspResponses = isAuthority ? [] : [goodAnswer(folder, certificate.der, root)]
      return Promise.resolve({ crls, ocspResponses, findings: [] })
    },
    issuersOf: () => Promise.resolve([]),
  }
}
