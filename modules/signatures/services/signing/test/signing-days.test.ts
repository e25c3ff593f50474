import assert from 'node:assert/strict'
import { templateField } from '../../../models/field.js'
import { localDay } from '../../../../../core/i18n/local-time.js'
import { signingDays } from '../values/signing-days.js'

describe('day of signing', () => {
  const date = (id: string, more: object = {}) =>
    templateField.parse({ id, type: 'date', role: 'employee', areas: [{ page: 1, x: 0, y: 0, width: 0.2, height: 0.05 }], ...more })

  it('stands by itself in dates that are nobody’s to type, of this role alone', () => {
    const fields = [
      date('signed', { defaultValue: 'today', readonly: true }),
      date('proposed', { defaultValue: 'today' }),
      date('fixed', { defaultValue: '2026-01-01', readonly: true }),
      date('other', { defaultValue: 'today', readonly: true, role: 'employer' }),
    ]
    assert.deepEqual(signingDays(fields, 'employee', '2026-11-23'), { signed: '2026-11-23' })
  })

  it('is the day of the company: late in the evening of London it is tomorrow in Riyadh', () => {
    assert.equal(localDay(new Date('2026-11-22T22:30:00Z'), 'Asia/Riyadh'), '2026-11-23')
    assert.equal(localDay(new Date('2026-11-22T20:30:00Z'), 'Asia/Riyadh'), '2026-11-22')
  })
})
