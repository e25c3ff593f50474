import assert from 'node:assert/strict'
import fc from 'fast-check'
import { dependencyOrder, transitiveDependencies, type DependencyNode } from '../dependency-order.js'

describe('dependency order', () => {
  it('puts every module after what it depends on, by name among equals', () => {
    const { order, cycles, missing } = dependencyOrder([
      { name: 'invoicing', depends: ['contacts'] },
      { name: 'seal', depends: ['credentials', 'invoicing'] },
      { name: 'contacts', depends: [] },
      { name: 'credentials', depends: [] },
    ])
    assert.deepEqual(order, ['contacts', 'credentials', 'invoicing', 'seal'])
    assert.deepEqual([cycles, missing], [[], []])
  })

  it('names a cycle from end to end and leaves out what stands behind it', () => {
    const { order, cycles } = dependencyOrder([
      { name: 'a', depends: ['b'] },
      { name: 'b', depends: ['c'] },
      { name: 'c', depends: ['a'] },
      { name: 'behind', depends: ['a'] },
      { name: 'free', depends: [] },
    ])
    assert.deepEqual(order, ['free'])
    assert.deepEqual(
      cycles.map((cycle) => cycle.join(' → ')),
      ['a → b → c → a'],
    )
  })

  it('names a module that depends on itself', () => {
    assert.deepEqual(dependencyOrder([{ name: 'a', depends: ['a'] }]).cycles, [['a', 'a']])
  })

  it('names what nobody provides', () => {
    assert.deepEqual(dependencyOrder([{ name: 'a', depends: ['nowhere'] }]).missing, [{ module: 'a', dependency: 'nowhere' }])
  })

  it('holds for any graph: placed modules come after their dependencies, the others are on or behind a cycle', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 }), (edges) => {
        const nodes: DependencyNode[] = edges.map((to, index) => ({
          name: `m${index}`,
          depends: [...new Set(to)].filter((target) => target < edges.length).map((target) => `m${target}`),
        }))
        const { order, cycles } = dependencyOrder(nodes)
        const behind = transitiveDependencies(nodes)
        for (const node of nodes) {
          const place = order.indexOf(node.name)
          const onOrBehindCycle = [node.name, ...(behind.get(node.name) ?? [])].some((name) => behind.get(name)?.has(name) === true)
          assert.equal(place === -1, onOrBehindCycle, node.name)
          if (place !== -1) for (const dependency of node.depends) assert.ok(order.indexOf(dependency) < place)
        }
        assert.equal(cycles.length > 0, order.length < nodes.length)
        for (const cycle of cycles) {
          assert.equal(cycle[0], cycle.at(-1))
          cycle.slice(1).forEach((name, index) => {
            assert.ok(nodes.find((node) => node.name === cycle[index])?.depends.includes(name))
          })
        }
      }),
    )
  })
})
