import assert from 'node:assert/strict'
import { checkIdentity, factsOf } from '../services/identity-numbers.js'

const nobody = { birthDate: null, gender: null } as const
const codes = (type: string, number: string): string[] => checkIdentity({ type, number, ...nobody }, '2026-11-22').map(({ code }) => code)

describe('numbers of identity papers', () => {
  it('Saudi: ten digits, the first tells citizen from resident, Luhn', () => {
    assert.deepEqual(codes('sa-national', '1000000008'), [])
    assert.deepEqual(codes('sa-national', '1000000007'), ['EMPLOYMENT-IDENTITY-SA-10'])
    assert.deepEqual(codes('sa-iqama', '1000000008'), ['EMPLOYMENT-IDENTITY-SA-10'])
    assert.deepEqual(codes('sa-iqama', '2000000006'), [])
    assert.deepEqual(codes('sa-iqama', '200000000'), ['EMPLOYMENT-IDENTITY-SA-10'])
  })
  it('Egyptian: the number tells day of birth and sex', () => {
    assert.deepEqual(factsOf({ form: 'eg-14' }, '29001010100011'), { birthDate: '1990-01-01', gender: 'male' })
    assert.deepEqual(codes('eg-national', '29013010100011'), ['EMPLOYMENT-IDENTITY-EG-14'])
    assert.deepEqual(codes('eg-national', '29001019900011'), ['EMPLOYMENT-IDENTITY-EG-14'])
    // No governorate has the number 05.
    assert.deepEqual(codes('eg-national', '29001010500011'), ['EMPLOYMENT-IDENTITY-EG-14'])
    const told = checkIdentity({ type: 'eg-national', number: '29001010100011', birthDate: '1991-01-01', gender: 'female' }, '2026-11-22')
    assert.deepEqual(
      told.map(({ code, level }) => [code, level]),
      [
        ['EMPLOYMENT-IDENTITY-BIRTH', 'warning'],
        ['EMPLOYMENT-IDENTITY-GENDER', 'warning'],
      ],
    )
  })
  it('Kuwaiti: check digit modulo 11, none of ten or eleven', () => {
    for (const right of ['288020122596', '227081660516', '292091998298', '290010100011', '305050500019'])
      assert.deepEqual(codes('kw-civil', right), [], right)
    for (const wrong of ['288020122595', '399999999999', '28802012259']) assert.equal(codes('kw-civil', wrong).length, 1, wrong)
  })
  it('Bulgarian: EGN by century of birth, LNCH by its own weights', () => {
    for (const right of ['7523169263', '8032056031', '8001010008', '0550290476']) assert.deepEqual(codes('bg-egn', right), [], right)
    assert.equal(factsOf({ form: 'bg-egn' }, '7523169263')?.birthDate, '1875-03-16')
    assert.equal(factsOf({ form: 'bg-egn' }, '0550290476')?.birthDate, '2005-10-29')
    for (const wrong of ['7523169264', '8001010101']) assert.equal(codes('bg-egn', wrong).length, 1, wrong)
    assert.deepEqual(codes('bg-lnch', '1000000001'), [])
    assert.deepEqual(codes('bg-lnch', '1000000002'), ['EMPLOYMENT-IDENTITY-BG-LNCH'])
  })
  it('an unknown paper is said, not passed', () => {
    assert.deepEqual(codes('library-card', '1'), ['EMPLOYMENT-IDENTITY-TYPE'])
  })
})
