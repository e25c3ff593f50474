import assert from 'node:assert/strict'
import type { CompanyContext } from '../../core/access/context.js'
import { Fault } from '../../core/i18n/fault.js'
import {
  archivedDocuments,
  archivedVersions,
  rememberArchive,
  type ArchivedDocument,
} from '../../core/signing/archive/archived-document.js'
import { createArchiveRenewal, renewJob, type ArchiveParts, type ArchiveRenewal } from '../../core/signing/archive/archive-renewal.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { pageSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import type { TimeStampClient } from '../../core/signing/tsp/time-stamp.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { LocalTimeStampAuthority } from './local-time-stamps.js'
import { openPadesHouse, type PadesHouse } from './pades-house.js'

const day = 24 * 3_600_000

/** A clock that tests move; authorities, host and renewal go by it. */
class Clock {
  constructor(private at: Date) {}
  readonly now = (): Date => new Date(this.at)
  forward(days: number): void {
    this.at = new Date(this.at.getTime() + days * day)
  }
}

describe('archived documents outlive the certificates of their time stamps', function () {
  this.timeout(180_000)
  const clock = new Clock(new Date())
  let house: PadesHouse
  let host: TestHost
  let context: CompanyContext
  let stamps: LocalTimeStampAuthority
  let timeStamp: () => TimeStampClient
  before(async () => {
    house = await openPadesHouse(clock.now)
    host = await startTestHost({ now: clock.now })
    context = await host.company()
  })
  after(async () => {
    await host.stop()
    await house.close()
  })
  beforeEach(async () => {
    stamps = await LocalTimeStampAuthority.issue(house.sandbox, clock.now, 120)
    timeStamp = () => stamps
  })
  const renewal = (more: Partial<ArchiveParts> = {}): ArchiveRenewal =>
    createArchiveRenewal({
      db: host.host.db,
      files: host.host.files,
      audit: host.host.audit,
      jobs: host.host.jobs,
      now: clock.now,
      days: 90,
      timeStamp: () => timeStamp(),
      evidence: () => house.evidence,
      ...more,
    })
  const archive = async (id: string): Promise<{ id: string; pdf: Buffer }> => {
    const signer = await house.signer('Company seal')
    const { pdf } = await signPdf(typstPdf(pageSource), {
      signer,
      signedAt: clock.now(),
      level: 'LTA',
      timeStamp: stamps,
      evidence: house.evidence,
    })
    return host.host.db.company(context.companyId, async (transaction) => {
      const file = await host.host.files.put(transaction, pdf, 'application/pdf')
      const subject = { type: 'contract', id, label: `Contract ${id}` }
      return { id: await rememberArchive(host.host, transaction, context, { pdf, sha256: file.sha256, subject }), pdf }
    })
  }
  const kept = async (id: string): Promise<ArchivedDocument> => {
    const all = await host.host.db.company(context.companyId, (transaction) => archivedDocuments(transaction))
    const found = all.find((one) => one.id === id)
    assert.ok(found !== undefined)
    return found
  }
  const renew = (id: string, by = renewal()): Promise<void> => by.renew({ documentId: id }, { context, attempt: 1, maxAttempts: 12 })
  const events = (id: string): Promise<string[]> =>
    host.host.db.company(context.companyId, async (transaction) =>
      (await host.host.audit.of(transaction, { type: 'contract', id })).map((event) => event.action),
    )

  it('nothing is due while the certificate lasts; then evidence and a new time stamp are added and the old version stays', async () => {
    const { id, pdf } = await archive('A')
    assert.deepEqual(await renewal().watch(context), [])
    clock.forward(40)
    // The authority renewed its certificate meanwhile, as it must before the old one ends.
    stamps = await LocalTimeStampAuthority.issue(house.sandbox, clock.now, 400)
    assert.deepEqual(await renewal().watch(context), [id])
    await renew(id)
    const document = await kept(id)
    assert.equal(document.version, 2)
    assert.equal(document.error, null)
    const versions = await host.host.db.company(context.companyId, (transaction) => archivedVersions(transaction, id))
    assert.equal(versions.length, 2)
    const [first, second] = versions
    assert.ok(first !== undefined && second !== undefined && second.validUntil > first.validUntil)
    const bytes = await host.host.db.company(context.companyId, async (transaction) => ({
      before: (await host.host.files.get(transaction, first.sha256)).bytes,
      after: (await host.host.files.get(transaction, second.sha256)).bytes,
    }))
    assert.equal(bytes.before.equals(pdf), true)
    assert.equal(bytes.after.subarray(0, pdf.length).equals(pdf), true)
    assert.deepEqual(await renewal().watch(context), [])
    assert.deepEqual(await events('A'), ['archive.renewed', 'archive.kept'])
    // Long after the first time stamp's certificate ended, the renewed file passes and the file without renewal does not.
    const at = new Date(clock.now().getTime() + 200 * day)
    const verdict = async (file: Buffer): Promise<string> =>
      (await createVerifiers().verify('x.pdf', file, { trust: [house.root], at })).verdict
    assert.equal(await verdict(bytes.after), 'passed')
    assert.notEqual(await verdict(bytes.before), 'passed')
  })

  it('a renewal that runs twice renews once', async () => {
    const { id } = await archive('B')
    clock.forward(40)
    stamps = await LocalTimeStampAuthority.issue(house.sandbox, clock.now, 400)
    await Promise.all([renew(id), renew(id)])
    await renew(id)
    assert.equal((await kept(id)).version, 2)
  })

  it('an authority that is away: fault on the document and in the log, job tried again, old version kept', async () => {
    const { id } = await archive('C')
    clock.forward(40)
    const before = await kept(id)
    const away: TimeStampClient = { stamp: () => Promise.reject(new Fault('SIGN-TSA-UNREACHABLE', { params: { url: 'x', reason: 'y' } })) }
    await assert.rejects(
      renew(id, renewal({ timeStamp: () => away })),
      (error) => error instanceof Fault && error.code === 'SIGN-TSA-UNREACHABLE',
    )
    const after = await kept(id)
    assert.equal(after.sha256, before.sha256)
    assert.deepEqual([after.error?.code, after.attempts], ['SIGN-TSA-UNREACHABLE', 1])
    assert.equal((await events('C'))[0], 'archive.renewal-failed')
    stamps = await LocalTimeStampAuthority.issue(house.sandbox, clock.now, 400)
    await renew(id)
    assert.deepEqual([(await kept(id)).error, (await kept(id)).version], [null, 2])
  })

  it('an authority whose certificate ends no later is no renewal, and is said', async () => {
    const { id } = await archive('D')
    clock.forward(40)
    await renew(id)
    const document = await kept(id)
    assert.deepEqual([document.version, document.error?.code], [1, 'SIGN-ARCHIVE-NO-LONGER-LIFE'])
  })

  it('what ended before it was renewed is not made to look whole', async () => {
    const { id } = await archive('E')
    clock.forward(130)
    stamps = await LocalTimeStampAuthority.issue(house.sandbox, clock.now, 400)
    await renew(id)
    assert.equal((await kept(id)).error?.code, 'SIGN-ARCHIVE-TOO-LATE')
  })

  it('runs as a job of the queue, and only a file with a time stamp is taken in', async () => {
    const { id } = await archive('F')
    clock.forward(40)
    // The host of the test has no authority configured: the job says so on the document.
    await renewal().watch(context)
    await host.host.jobs.drain()
    assert.equal((await kept(id)).error?.code, 'SIGN-TSA-NOT-CONFIGURED')
    assert.equal(renewJob, 'core.renew-archived-document')
    const signer = await house.signer('Plain')
    const { pdf } = await signPdf(typstPdf(pageSource), { signer, signedAt: clock.now() })
    await assert.rejects(
      host.host.db.company(context.companyId, (transaction) =>
        rememberArchive(host.host, transaction, context, {
          pdf,
          sha256: '0'.repeat(64),
          subject: { type: 'contract', id: 'G', label: 'G' },
        }),
      ),
      (error) => error instanceof Fault && error.code === 'SIGN-ARCHIVE-NOT-STAMPED',
    )
  })
})
