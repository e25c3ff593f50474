import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { until } from '../../../test/helpers/until.js'
import { isAlive, isSameAlive, isTaken, startMark } from '../living-process.js'

describe('whether a process lives', () => {
  it('this one does; no number, no process', () => {
    assert.ok(isAlive(process.pid) && isSameAlive(process.pid, startMark(process.pid)))
    for (const number of [0, -1, NaN, 1.5]) assert.ok(!isAlive(number), String(number))
  })

  it('one that has the number of an earlier one is another', function () {
    if (process.platform !== 'linux') return this.skip()
    assert.match(startMark(process.pid), /^[1-9]\d*$/)
    assert.ok(!isSameAlive(process.pid, '1'))
  })

  it('one that ended and that its parent never asks about does not, though its number is taken', async function () {
    if (process.platform !== 'linux') return this.skip()
    // The shell starts a program and becomes another one, which does not know that it has a child.
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 300'], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [printed] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(printed.toString())
      await until('it ended', () => !isAlive(pid))
      assert.ok(isTaken(pid))
      assert.ok(isAlive(parent.pid ?? 0))
    } finally {
      parent.kill('SIGKILL')
    }
  })
})
