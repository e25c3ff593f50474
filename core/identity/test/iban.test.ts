import assert from 'node:assert/strict'
import { isIban } from '../iban.js'

describe('IBAN', () => {
  it('is right by remainder 1 modulo 97', () => {
    for (const right of ['SA03 8000 0000 6080 1016 7519', 'KW81CBKU0000000000001234560101', 'BG80BNBG96611020345678'])
      assert.equal(isIban(right), true, right)
    assert.equal(isIban('SA0380000000608010167518'), false)
  })
  it('has the length of its country, even where the remainder is right', () => {
    // One digit less than a Saudi account has; remainder 1.
    assert.equal(isIban('SA538000000060801016751'), false)
    // Of a country whose length is not held here, the remainder alone decides.
    assert.equal(isIban('NO9386011117947'), true)
  })
})
