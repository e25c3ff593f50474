import assert from 'node:assert/strict'
import { canonicalDocument } from '../canonical.js'
import { readSignedTree } from '../read-xml.js'

const times = (count: number, text: (index: number) => string): string => Array.from({ length: count }, (_, index) => text(index)).join('')

/** Files made to keep a reader busy: each is read and canonicalised, or refused, within processor time of two seconds. */
describe('XML made to cost', () => {
  const files: Readonly<Record<string, () => string>> = {
    'fifty thousand attributes': () => `<r ${times(50_000, (index) => ` a${index}=""`)}/>`,
    'namespaces beside namespaces': () =>
      `<r ${times(3_000, (index) => ` xmlns:n${index}="u:${index}"`)}>${times(30_000, (index) => `<n${index % 3_000}:a xmlns:m="u:m${index}"/>`)}</r>`,
    'a long namespace used everywhere': () => `<r xmlns:p="u:${'x'.repeat(5_000)}">${'<p:a/>'.repeat(100_000)}</r>`,
    'a namespace on each level': () =>
      `${times(120, (index) => `<a xmlns:p${index}="u:${index}">`)}${'<p0:b/>'.repeat(100_000)}${'</a>'.repeat(120)}`,
    'half a million elements': () => `<r>${'<a/>'.repeat(500_000)}</r>`,
    'a million elements': () => `<r>${'<a/>'.repeat(1_000_000)}</r>`,
    references: () => `<r>${'&amp;'.repeat(800_000)}</r>`,
    'carriage returns': () => `<r>${'\r'.repeat(4_000_000)}</r>`,
    'unclosed tags': () => '<a b="'.repeat(1_000_000),
    'opening brackets': () => '<'.repeat(5_000_000),
    'seventeen megabytes': () => `<r>${' '.repeat(17_000_000)}</r>`,
  }
  for (const [what, file] of Object.entries(files)) {
    it(what, () => {
      const bytes = Buffer.from(file())
      const before = process.cpuUsage()
      let outcome = 'read'
      try {
        for (const method of ['exclusive', 'c14n11'] as const) canonicalDocument(readSignedTree(bytes), { method })
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && typeof error.code === 'string', String(error))
        outcome = error.code
      }
      const { user, system } = process.cpuUsage(before)
      assert.ok(['read', 'XML-TOO-LARGE', 'XML-MALFORMED'].includes(outcome), outcome)
      // Read and written twice here.
      assert.ok((user + system) / 1_000 < 4_000, `${(user + system) / 1_000} ms`)
    })
  }
})
