import assert from 'node:assert/strict'
import { element, octetString, sequence } from '../der.js'

describe('DER', () => {
  it('writes a length in as few octets as it takes (X.690 8.1.3, 10.1)', () => {
    for (const [length, head] of [
      [0, '0400'],
      [127, '047f'],
      [128, '048180'],
      [255, '0481ff'],
      [256, '04820100'],
      [65_535, '0482ffff'],
      [65_536, '0483010000'],
      [16_777_215, '0483ffffff'],
      [16_777_216, '048401000000'],
    ] as const) {
      const written = octetString(Buffer.alloc(length, 7))
      assert.equal(written.subarray(0, head.length / 2).toString('hex'), head)
      assert.equal(written.length, head.length / 2 + length)
      assert.ok(written.subarray(head.length / 2).equals(Buffer.alloc(length, 7)))
    }
  })

  it('puts contents behind each other as they are, views into other memory too', () => {
    const memory = Uint8Array.from([1, 2, 3, 4, 5])
    assert.equal(element(0x31, memory.subarray(1, 3), new Uint8Array(), memory.subarray(4)).toString('hex'), '3103020305')
    assert.equal(sequence().toString('hex'), '3000')
  })
})
