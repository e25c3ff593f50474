import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Findings } from '../fatoora/answers.js'
import { checkDocument } from '../fatoora/document-check.js'

const folder = join(import.meta.dirname, '../../../../shared/data/zatca/samples')
const now = new Date('2026-11-22T09:00:00Z')

function errors(bytes: Buffer): string[] {
  const findings = new Findings()
  checkDocument(bytes, now, findings)
  return findings.results().errorMessages.map((message) => message.code)
}

describe('sandbox document checks on the official samples', function () {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.xml')) : []
  before(function () {
    if (files.length === 0) this.skip()
  })

  it('all pass', () => {
    for (const file of files) assert.deepEqual(errors(readFileSync(join(folder, file))), [], file)
    assert.equal(files.length, 10)
  })

  it('each is broken by one changed character of amount, date, name, signature, certificate, properties or QR', () => {
    const places: readonly RegExp[] = [
      /(<cbc:PayableAmount currencyID="\w+">\d*)(\d)/,
      /(<cbc:IssueDate>\d{4}-\d{2}-\d)(\d)/,
      /(<cbc:RegistrationName>.)(.)/,
      /(<ds:SignatureValue>.{40})(.)/,
      /(<ds:X509Certificate>.{200})(.)/,
      /(<xades:SigningTime>\d{4}-\d{2}-\d{2}T\d{2}:\d)(\d)/,
      /(mimeCode="text\/plain">A.{61})(.)/,
      /(<ds:DigestValue>.{8})(.)/,
    ]
    for (const file of files) {
      const xml = readFileSync(join(folder, file), 'utf8')
      for (const place of places) {
        const changed = xml.replace(place, (_all, before: string, character: string) => `${before}${character === '1' ? '2' : '1'}`)
        assert.notEqual(changed, xml, `${file} ${place}`)
        assert.notDeepEqual(errors(Buffer.from(changed)), [], `${file} ${place}`)
      }
    }
  })

  it('elements out of UBL order, unknown or twice are refused', () => {
    const xml = readFileSync(join(folder, 'Standard_Invoice.xml'), 'utf8')
    const swap = xml.replace(/(<cbc:IssueDate>.*?<\/cbc:IssueDate>)(\s*)(<cbc:IssueTime>.*?<\/cbc:IssueTime>)/, '$3$2$1')
    assert.deepEqual(errors(Buffer.from(swap)), ['SAXParseException'])
    assert.deepEqual(errors(Buffer.from(xml.replace('<cbc:ProfileID>', '<cbc:Surprise>x</cbc:Surprise><cbc:ProfileID>'))), [
      'SAXParseException',
    ])
    assert.deepEqual(errors(Buffer.from(xml.replace(/<cbc:UUID>[^<]*<\/cbc:UUID>/, '$&$&'))), ['SAXParseException'])
  })

  it('a document type, an entity or another encoding is refused before it is parsed', () => {
    const xml = readFileSync(join(folder, 'Simplified_Invoice.xml'), 'utf8')
    const withType = xml.replace('?>', '?><!DOCTYPE Invoice [<!ENTITY a "b">]>')
    assert.deepEqual(errors(Buffer.from(withType)), ['SAXParseException'])
    assert.deepEqual(errors(Buffer.from(xml.replace('UTF-8', 'UTF-16'))), ['SAXParseException'])
    assert.deepEqual(errors(Buffer.from('{"no": "xml"}')), ['SAXParseException'])
    assert.deepEqual(errors(Buffer.alloc(0)), ['SAXParseException'])
  })
})
