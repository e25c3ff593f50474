import assert from 'node:assert/strict'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { writePrivateFile } from '../private-file.js'
import { readRunning, writeRunning } from '../running-file.js'

describe('the file that tells that a desk runs', () => {
  let folder: TemporaryFolder
  const running = { pid: process.pid, startedAt: new Date().toISOString(), url: 'http://127.0.0.1:1/#secret' }
  const wrote = (value: object): void => {
    writePrivateFile(join(folder.path, 'running.json'), JSON.stringify(value))
  }

  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  it('is believed while its process lives', () => {
    assert.equal(readRunning(folder.path), undefined)
    writeRunning(folder.path, running)
    assert.equal(readRunning(folder.path)?.url, running.url)
    wrote({ ...running, pid: 2 ** 30 })
    assert.equal(readRunning(folder.path), undefined)
  })

  it('is not believed when the number belongs to another program now: after a restart of the machine, or of one that was killed', function () {
    wrote({ ...running, startedAt: new Date(Date.now() - uptime() * 1000 - 3_600_000).toISOString() })
    assert.equal(readRunning(folder.path), undefined)
    if (process.platform !== 'linux') return this.skip()
    wrote({ ...running, mark: '1' })
    assert.equal(readRunning(folder.path), undefined)
  })
})
