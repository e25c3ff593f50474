import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../../i18n/fault.js'
import { signXades } from '../../../signing/formats/xades/sign-xades.js'
import { issueCertificate, signerOf, type TestCertificate } from '../../../signing/test/test-authority.js'
import { readCertificate } from '../../certificate/certificate.js'
import { checkTrustListSignature } from '../check-signature.js'
import { openTrust } from '../open-trust.js'
import { readTrustList } from '../read-trust-list.js'
import { TrustFolder } from '../trust-folder.js'
import { periodAt } from '../trust-list.js'
import { TrustLists } from '../trust-lists.js'
import { updateTrustLists, type UpdateOutcome } from '../update-lists.js'

const bulgarian = join(import.meta.dirname, '../../../../../shared/data/bulgaria/trusted-list-2019.xml')
const now = new Date('2026-11-22T12:00:00Z')
const operator = issueCertificate({ commonName: 'List operator' })
const authority = issueCertificate({ commonName: 'Listed authority', ca: true })

interface ListWishes {
  readonly territory?: string
  readonly sequence?: number
  readonly version?: number
  readonly nextUpdate?: string
  readonly pointers?: string
}

function listText({ territory = 'BG', sequence = 7, version = 6, nextUpdate = '2027-01-01T00:00:00Z', pointers = '' }: ListWishes): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="list" TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation>
<TSLVersionIdentifier>${String(version)}</TSLVersionIdentifier><TSLSequenceNumber>${String(sequence)}</TSLSequenceNumber>
<TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric</TSLType>
<SchemeOperatorName><Name xml:lang="en">Operator</Name></SchemeOperatorName><SchemeTerritory>${territory}</SchemeTerritory>
<PointersToOtherTSL>${pointers}</PointersToOtherTSL>
<ListIssueDateTime>2026-10-01T00:00:00Z</ListIssueDateTime><NextUpdate><dateTime>${nextUpdate}</dateTime></NextUpdate>
</SchemeInformation><TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName><Name xml:lang="en">Provider</Name></TSPName></TSPInformation>
<TSPServices><TSPService><ServiceInformation><ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>
<ServiceName><Name xml:lang="en">Issuing</Name></ServiceName>
<ServiceDigitalIdentity><DigitalId><X509Certificate>${authority.der.toString('base64')}</X509Certificate></DigitalId></ServiceDigitalIdentity>
<ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted</ServiceStatus><StatusStartingTime>2017-07-01T00:00:00Z</StatusStartingTime>
</ServiceInformation></TSPService></TSPServices></TrustServiceProvider></TrustServiceProviderList></TrustServiceStatusList>`
}

async function signedList(wishes: ListWishes = {}, signer: TestCertificate = operator): Promise<Buffer> {
  return (await signXades(Buffer.from(listText(wishes)), { signer: signerOf(signer), signedAt: now })).xml
}

function pointer(territory: string, location: string, signer: TestCertificate): string {
  const other = (inner: string): string => `<OtherInformation>${inner}</OtherInformation>`
  return `<OtherTSLPointer><ServiceDigitalIdentities><ServiceDigitalIdentity><DigitalId><X509Certificate>${signer.der.toString('base64')}</X509Certificate></DigitalId></ServiceDigitalIdentity></ServiceDigitalIdentities>
<TSLLocation>${location}</TSLLocation><AdditionalInformation>${other(`<SchemeTerritory>${territory}</SchemeTerritory>`)}${other('<MimeType xmlns="http://uri.etsi.org/02231/v2/additionaltypes#">application/vnd.etsi.tsl+xml</MimeType>')}</AdditionalInformation></OtherTSLPointer>`
}

const refuses = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

describe('trusted lists (ETSI TS 119 612)', () => {
  let folder: TrustFolder
  let lists: TrustLists
  beforeEach(() => {
    folder = new TrustFolder(mkdtempSync(join(tmpdir(), 'khatm-trust-')))
    lists = new TrustLists(folder)
  })
  afterEach(() => {
    rmSync(join(folder.path, '..'), { recursive: true })
  })
  const take = (xml: Buffer, signers?: readonly Buffer[]) =>
    lists.import(xml, { checkSignature: checkTrustListSignature, now, ...(signers === undefined ? {} : { signers }) })

  it('the real Bulgarian list of 2019: services, statuses and their history', function () {
    if (!existsSync(bulgarian)) return this.skip()
    const list = readTrustList(readFileSync(bulgarian))
    assert.deepEqual([list.version, list.sequence, list.territory], [5, 27, 'BG'])
    const current = list.services.map(
      (service) => `${service.periods[0]?.type.split('/').slice(-2).join('/') ?? ''} ${service.periods[0]?.status ?? ''}`,
    )
    const count = (what: string): number => current.filter((one) => one === what).length
    assert.deepEqual([count('CA/QC granted'), count('CA/QC withdrawn'), count('TSA/QTST granted')], [8, 11, 5])
    const operational = list.services.find((service) =>
      service.periods.some((period) => period.name['en'] === 'B-Trust Operational CA QES'),
    )
    assert.ok(operational)
    const statusAt = (day: string): string | undefined => periodAt(operational, new Date(day))?.status
    assert.deepEqual(['2010-01-01', '2012-01-01', '2017-01-01', '2019-01-01'].map(statusAt), [
      undefined,
      'undersupervision',
      'granted',
      'withdrawn',
    ])
  })

  it('the signature of the real list is judged, and its signer must be told by a person', async function () {
    if (!existsSync(bulgarian)) return this.skip()
    const xml = readFileSync(bulgarian)
    const { failure, certificate } = await checkTrustListSignature(xml)
    assert.equal(failure, null)
    assert.ok(certificate)
    await assert.rejects(take(xml), refuses('TRUST-LIST-SIGNER-UNKNOWN'))
    const stored = await take(xml, [certificate.der])
    assert.equal(stored.list.services.length, 56)
  })

  it('a list is kept only with the signature of an allowed signer over all of it', async () => {
    const xml = await signedList()
    const stored = await take(xml, [operator.der])
    assert.equal(stored.signer.name, 'List operator')
    assert.deepEqual(
      lists.stored().map((one) => one.list.sequence),
      [7],
    )
    const other = issueCertificate({ commonName: 'Somebody else' })
    await assert.rejects(take(await signedList({ sequence: 8 }, other)), refuses('TRUST-LIST-SIGNER-UNKNOWN'))
    const changed = Buffer.from(xml.toString('utf8').replace('Svcstatus/granted', 'Svcstatus/withdraw'))
    await assert.rejects(take(changed), refuses('TRUST-LIST-SIGNATURE'))
    await assert.rejects(take(Buffer.from(listText({})), [operator.der]), refuses('TRUST-LIST-SIGNATURE'))
  })

  it('the next issue needs no word of a person, an older one is refused', async () => {
    await take(await signedList(), [operator.der])
    assert.equal((await take(await signedList({ sequence: 8 }))).list.sequence, 8)
    await assert.rejects(take(await signedList({ sequence: 7 })), refuses('TRUST-LIST-OLDER'))
  })

  it('the list of the lists says who signs a national one', async () => {
    const national = issueCertificate({ commonName: 'National operator' })
    await take(await signedList({ territory: 'EU', pointers: pointer('BG', 'http://lists.example/bg.xml', national) }), [operator.der])
    await assert.rejects(take(await signedList()), refuses('TRUST-LIST-SIGNER-UNKNOWN'))
    assert.equal((await take(await signedList({}, national))).signer.name, 'National operator')
  })

  it('an update fetches what the list of the lists points to and keeps what it cannot get', async () => {
    const national = issueCertificate({ commonName: 'National operator' })
    const pointers = pointer('BG', 'http://lists.example/bg.xml', national) + pointer('RO', 'http://lists.example/ro.xml', national)
    const served = new Map([
      ['http://lists.example/eu.xml', await signedList({ territory: 'EU', sequence: 9, pointers })],
      ['http://lists.example/bg.xml', await signedList({}, national)],
      // Another country's list in place of the wanted one.
      ['http://lists.example/ro.xml', await signedList({ sequence: 99 }, national)],
    ])
    await take(await signedList({ territory: 'EU', sequence: 8, pointers }), [operator.der])
    const seen: UpdateOutcome[] = []
    await updateTrustLists(lists, {
      territories: [],
      address: 'http://lists.example/eu.xml',
      checkSignature: checkTrustListSignature,
      now,
      done: (outcome) => seen.push(outcome),
      fetch: (url) => {
        const xml = served.get(url)
        return xml === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve(xml)
      },
    })
    assert.deepEqual(
      seen.map(({ territory, sequence, fault }) => [territory, sequence, fault?.code ?? null]),
      [
        ['EU', 9, null],
        ['BG', 7, null],
        ['RO', null, 'TRUST-LIST-MALFORMED'],
      ],
    )
  })

  it('a kept list that somebody edits stops the house rather than being believed', async () => {
    await take(await signedList(), [operator.der])
    const file = join(folder.lists, 'BG.xml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('granted', 'withdrawn'))
    assert.throws(() => openTrust({ dataDir: join(folder.path, '..'), now }), refuses('TRUST-LIST-CHANGED'))
  })

  it('its services become anchors; a list past its next update is used and said so', async () => {
    await take(await signedList({ nextUpdate: '2026-11-01T00:00:00Z' }), [operator.der])
    const trust = openTrust({ dataDir: join(folder.path, '..'), now })
    assert.deepEqual(trust.anchors, [authority.der])
    assert.deepEqual(
      trust.findings.map((finding) => finding.code),
      ['TRUST-LIST-LATE'],
    )
    assert.ok(trust.qualifier)
  })

  it('is read again only when a file below the folder changed, and then at once', async () => {
    const open = () => openTrust({ dataDir: join(folder.path, '..'), now })
    await take(await signedList(), [operator.der])
    const first = open()
    assert.equal(open().anchors, first.anchors)
    folder.add(Buffer.from(operator.pem), null, 'root.pem')
    assert.equal(open().anchors.length, 2)
    folder.remove(readCertificate(operator.der).sha256)
    assert.deepEqual(open().anchors, first.anchors)
  })

  it('versions other than 5 and 6 are not guessed at', async () => {
    assert.equal(readTrustList(Buffer.from(listText({ version: 5 }))).version, 5)
    await assert.rejects(take(await signedList({ version: 7 }), [operator.der]), refuses('TRUST-LIST-VERSION'))
  })
})

describe('pinned certificates', () => {
  let folder: TrustFolder
  beforeEach(() => {
    folder = new TrustFolder(mkdtempSync(join(tmpdir(), 'khatm-pins-')))
  })
  afterEach(() => {
    rmSync(join(folder.path, '..'), { recursive: true })
  })

  it('are files: for every country or for one, each once, and can be taken away', () => {
    const pem = Buffer.from(authority.pem + operator.pem)
    assert.equal(folder.add(pem, null, 'roots.pem').length, 2)
    assert.equal(folder.add(pem, null, 'roots.pem').length, 0)
    assert.equal(folder.add(Buffer.from(authority.pem), 'EG', 'root.pem').length, 1)
    assert.deepEqual(
      folder
        .anchors()
        .map((anchor) => anchor.country)
        .sort(),
      ['EG', null, null].sort(),
    )
    const [pin] = folder.anchors()
    assert.ok(pin)
    const gone = folder.remove(pin.certificate.sha256.slice(0, 12))
    assert.ok(gone.length >= 1)
    assert.ok(folder.anchors().every((anchor) => anchor.certificate.sha256 !== pin.certificate.sha256))
  })

  it('a file without a certificate is named, not passed over', () => {
    folder.add(Buffer.from(authority.pem), null, 'root.pem')
    writeFileSync(join(folder.path, 'notes.pem'), 'nothing')
    assert.throws(() => folder.anchors(), refuses('TRUST-FILE-UNREADABLE'))
    assert.throws(() => folder.add(Buffer.from(authority.pem), 'Egypt', 'root.pem'), refuses('TRUST-COUNTRY'))
  })
})
