import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SignRequest } from '../../models/request.js'
import { evidenceHouse, finishedRequest, type EvidenceHouse } from '../../evidence/test/finished-request.js'
import { readEvents } from '../../services/events.js'
import { countSigned, signedFiles } from '../signed-files.js'

describe('signed documents of a bulk sending', function () {
  this.timeout(180_000)
  let house: EvidenceHouse
  const bulkId = randomUUID()
  const made: SignRequest[] = []
  const inCompany: EvidenceHouse['host']['host']['db']['company'] = (companyId, work) => house.host.host.db.company(companyId, work)

  before(async () => {
    house = await evidenceHouse('B')
    const { companyId } = house.context
    for (const source of ['= First', '= Second', '= Of another sending']) made.push((await finishedRequest(house, { source })).request)
    await inCompany(companyId, (transaction) =>
      transaction
        .knex('signatures_request')
        .where({ company_id: companyId })
        .whereIn(
          'id',
          made.slice(0, 2).map(({ id }) => id),
        )
        .update({ bulk_id: bulkId }),
    )
  })
  after(() => house.stop())

  it('come in one archive that other programs unpack, byte for byte as sealed, and each log tells of it', async () => {
    const { host } = house.host
    const { companyId } = house.context
    assert.equal(await inCompany(companyId, (transaction) => countSigned(transaction, bulkId)), 2)
    const zip = await inCompany(companyId, (transaction) => signedFiles(host, transaction, house.context, bulkId))
    const path = join(house.folder, 'signed.zip')
    writeFileSync(path, zip)
    execFileSync('unzip', ['-tq', path])
    const names = execFileSync('unzip', ['-Z1', path], { encoding: 'utf8' }).trim().split('\n')
    const documents = names.filter((name) => !name.endsWith('-certificate.pdf'))
    assert.equal(documents.length, 2, names.join(', '))
    for (const [index, name] of documents.entries()) {
      const request = made[index]
      assert.ok(request)
      assert.ok(name.startsWith(request.number.replaceAll('/', '-')), name)
      const sealed = await inCompany(companyId, (transaction) => host.files.get(transaction, request.sealedSha256 ?? ''))
      assert.ok(execFileSync('unzip', ['-p', path, name], { maxBuffer: 64 * 1024 * 1024 }).equals(sealed.bytes))
      const last = (await inCompany(companyId, (transaction) => readEvents(transaction, request.id))).at(-1)
      assert.deepEqual([last?.type, last?.facts['sha256']], ['downloaded', request.sealedSha256])
    }
  })

  it('none is finished: said, not an empty archive', async () => {
    await assert.rejects(
      inCompany(house.context.companyId, (transaction) => signedFiles(house.host.host, transaction, house.context, randomUUID())),
      { code: 'SIGNATURES-BULK-NONE-SIGNED' },
    )
  })
})
