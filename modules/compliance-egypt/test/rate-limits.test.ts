import assert from 'node:assert/strict'
import { holdOf, noteLimits } from '../authority/rate-limits.js'

const noon = Date.UTC(2026, 10, 22, 12)
const minute = 60_000

describe('a call that the authority closed for a while', () => {
  const closed = (name: string): void => {
    noteLimits(name, 429, {}, new Date(noon + 5 * minute), noon)
  }

  it('is held until the time it named, and goes then', () => {
    closed('until')
    assert.equal(holdOf('until', noon + minute), 4 * minute)
    assert.equal(holdOf('until', noon + 5 * minute), 0)
  })

  it('at most ten minutes, whatever it named', () => {
    noteLimits(
      'far',
      200,
      { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': new Date(noon + 24 * 60 * minute).toISOString() },
      undefined,
      noon,
    )
    assert.equal(holdOf('far', noon), 10 * minute)
  })

  it('is not held for the hours that this host’s clock was set back meanwhile', () => {
    closed('back')
    assert.equal(holdOf('back', noon - 3 * 60 * minute), 0)
    assert.equal(holdOf('back', noon), 0)
  })
})
