import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { SignatureBatches } from '../signature-batches.js'

/** Signs a digest by turning it round, and remembers what came together. */
function recorder(size: number, atOnce: number, milliseconds = 5) {
  const sizes: number[] = []
  let running = 0
  let most = 0
  const batches = new SignatureBatches(
    () => Promise.resolve({ size, atOnce }),
    async (digests) => {
      sizes.push(digests.length)
      most = Math.max(most, ++running)
      await wait(milliseconds)
      running--
      return digests.map((digest) => Buffer.from(digest).reverse())
    },
  )
  return { batches, sizes, most: () => most }
}

describe('batches of remote signatures', () => {
  it('calls made side by side leave in one request, each with its own answer', async () => {
    const { batches, sizes } = recorder(100, 2)
    const signatures = await Promise.all(Array.from({ length: 40 }, (_, index) => batches.add(Buffer.from([index, 0]))))
    assert.deepEqual(sizes, [40])
    assert.deepEqual(signatures[7], Buffer.from([0, 7]))
    assert.equal(batches.idle, true)
  })

  it('what arrives meanwhile gathers, within the size and the number of requests the service allows', async () => {
    const { batches, sizes, most } = recorder(10, 2)
    const all: Promise<Buffer>[] = []
    for (let index = 0; index < 60; index++) {
      all.push(batches.add(Buffer.from([index])))
      if (index % 6 === 0) await wait(1)
    }
    await Promise.all(all)
    assert.equal(most() <= 2, true)
    assert.equal(Math.max(...sizes) <= 10, true)
    assert.equal(sizes.length < 60, true)
    assert.equal(
      sizes.reduce((sum, one) => sum + one, 0),
      60,
    )
  })

  it('a service that signs one at a time gets one at a time', async () => {
    const { batches, sizes } = recorder(1, 8)
    await Promise.all(Array.from({ length: 12 }, (_, index) => batches.add(Buffer.from([index]))))
    assert.deepEqual(
      sizes,
      Array.from({ length: 12 }, () => 1),
    )
  })

  it('a failed request fails its own digests alone', async () => {
    let calls = 0
    const batches = new SignatureBatches(
      () => Promise.resolve({ size: 2, atOnce: 1 }),
      (digests) => (++calls === 1 ? Promise.reject(new Error('lost')) : Promise.resolve(digests)),
    )
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((one) => batches.add(Buffer.from([one]))))
    assert.deepEqual(
      outcomes.map((one) => one.status),
      ['rejected', 'rejected', 'fulfilled', 'fulfilled'],
    )
  })
})
