import assert from 'node:assert/strict'
import { createDocuments } from '../../../core/documents/create-documents.js'
import type { Documents } from '../../../core/documents/documents.js'
import { bounds, readPath, subdivide, writePath } from '../drawing/outline-path.js'
import { sealSvg } from '../drawing/seal-svg.js'
import { textOutlines } from '../drawing/text-outlines.js'

describe('seal drawing', () => {
  let documents: Documents
  before(() => {
    documents = createDocuments({ documents: { workers: 1, recycleAfter: 100 } })
  })
  after(() => documents.close())

  const design = {
    shape: 'round',
    nameAr: 'شركة ختم للحلول الرقمية المحدودة',
    nameLatin: 'Khatm Digital Solutions',
    caption: 'س.ت',
    number: '1010010000',
    year: 'الرياض',
    colour: 'ink-blue',
  } as const

  it('is made of outlines alone, the same every time, inside its frame', async () => {
    for (const shape of ['round', 'rectangular'] as const) {
      const svg = await sealSvg(documents, { ...design, shape })
      assert.equal(svg, await sealSvg(documents, { ...design, shape }))
      assert.doesNotMatch(svg, /<text|font|<use|href|script/i)
      assert.match(svg, /width="38mm"/)
      const height = shape === 'round' ? 380 : 240
      for (const [, data = ''] of svg.matchAll(/<path d="([^"]*)"/g)) {
        const box = bounds(readPath(data))
        assert.ok(box.left > 0 && box.right < 380 && box.bottom > 0 && box.top < height, JSON.stringify(box))
      }
    }
  })

  it('joins the letters it joins: shaped forms, one piece of ink', async () => {
    const [joined, parted] = await textOutlines(documents, [
      { text: 'سبب', weight: 700 },
      { text: 'س\u200cب\u200cب', weight: 700 },
    ])
    assert.ok(joined && parted)
    const width = (outline: typeof joined): number => bounds(outline).right - bounds(outline).left
    // Isolated forms end in full bowls: unshaped letters are much wider.
    assert.ok(width(joined) < width(parted) * 0.8, `${width(joined)} of ${width(parted)}`)
  })

  it('holds long names, missing names and odd characters', async () => {
    const long = await sealSvg(documents, { ...design, nameAr: 'ا'.repeat(30) + ' مؤسسة '.repeat(4), nameLatin: 'W'.repeat(60) })
    assert.match(long, /<path/)
    for (const changes of [{ nameAr: '' }, { nameLatin: '' }, { caption: '', number: '', year: '' }, { nameLatin: '<script>"&😀' }]) {
      const svg = await sealSvg(documents, { ...design, ...changes })
      assert.doesNotMatch(svg, /NaN|Infinity|script/)
    }
  })

  it('reads and writes paths without moving a point', () => {
    const data = 'M1 2L3 4Q5 6 7 8C1 2 3 4 5 6Z'
    assert.equal(writePath(readPath(data)), data)
    assert.equal(writePath(readPath('M 0 0m 1 2 l 2 2 h 1 v -1 q 1 1 2 0 Z')), 'M0 0M1 2L3 4L4 4L4 3Q5 4 6 3Z')
    const cut = subdivide(readPath('M0 0L10 0L10 5Z'), 1)
    assert.ok(cut.filter((segment) => segment.kind === 'line').length >= 21)
    assert.deepEqual(bounds(cut), { left: 0, right: 10, bottom: 0, top: 5 })
  })
})
