import assert from 'node:assert/strict'
import { placeOfFault } from '../place-of-fault.js'

describe('a fault of a row of bulk sending', () => {
  const input = {
    signers: [
      { role: 'company', name: 'سارة القحطاني' },
      { role: 'staff', name: 'Иван Петров' },
    ],
  }
  const cases: [string | undefined, string | undefined][] = [
    ['signers[1].email', 'person.staff.email'],
    ['signers[0].name', 'person.company.name'],
    ['signers[1].values.town', 'field.town'],
    ['signers.staff', 'person.staff.name'],
    ['variables.salary', 'variable.salary'],
    ['name', 'request.name'],
    ['externalId', 'request.externalId'],
    ['signers[7].email', undefined],
    ['message.subject', undefined],
    [undefined, undefined],
  ]
  for (const [path, target] of cases)
    it(`at ${path ?? 'no place'} stands ${target === undefined ? 'in no column' : `in the column ${target}`}`, () => {
      assert.equal(placeOfFault(input, { path }), target)
    })
})
