import assert from 'node:assert/strict'
import { localDay, localTime } from '../local-time.js'

describe('local time', () => {
  const evening = new Date('2026-12-31T21:30:00Z')

  it('is already the next day, and year, in Riyadh while it is still evening in Sofia and in UTC', () => {
    assert.equal(localDay(evening, 'Asia/Riyadh'), '2027-01-01')
    assert.equal(localDay(evening, 'Europe/Sofia'), '2026-12-31')
    assert.equal(localDay(evening, 'UTC'), '2026-12-31')
  })

  it('follows the summer time of the day itself', () => {
    assert.deepEqual(localTime(new Date('2026-07-01T21:30:00Z'), 'Africa/Cairo'), { date: '2026-07-02', time: '00:30:00' })
    assert.deepEqual(localTime(new Date('2026-01-01T21:30:00Z'), 'Africa/Cairo'), { date: '2026-01-01', time: '23:30:00' })
  })

  it('writes midnight as 00', () => {
    assert.equal(localTime(new Date('2026-11-22T21:00:00Z'), 'Asia/Kuwait').time, '00:00:00')
  })
})
