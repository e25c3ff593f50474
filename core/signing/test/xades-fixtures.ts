import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestCertificate } from './test-authority.js'

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
