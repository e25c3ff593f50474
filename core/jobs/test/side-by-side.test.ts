import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { sideBySide } from '../side-by-side.js'

describe('work side by side', () => {
  it('has at most so many under way, and answers in the order of the items', async () => {
    let underWay = 0
    let most = 0
    const answers = await sideBySide([30, 5, 20, 1, 10], 2, async (milliseconds, index) => {
      most = Math.max(most, ++underWay)
      await pause(milliseconds)
      underWay--
      return `${String(index)}: ${String(milliseconds)}`
    })
    assert.deepEqual(answers, ['0: 30', '1: 5', '2: 20', '3: 1', '4: 10'])
    assert.equal(most, 2)
  })

  it('begins nothing after a fault, and throws it when what was under way has ended', async () => {
    const ended: number[] = []
    const begun: number[] = []
    const work = sideBySide([0, 1, 2, 3], 2, async (item) => {
      begun.push(item)
      if (item === 0) throw new Error('the first fails')
      await pause(20)
      ended.push(item)
    })
    await assert.rejects(work, /the first fails/)
    assert.deepEqual({ begun, ended }, { begun: [0, 1], ended: [1] })
  })

  it('does nothing with nothing', async () => {
    assert.deepEqual(await sideBySide([], 4, () => Promise.reject(new Error('never called'))), [])
  })
})
