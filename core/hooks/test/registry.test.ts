import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { CompanyTransaction } from '../../db/database.js'
import { Fault } from '../../i18n/fault.js'
import type { Collect, HookCall, HookKind, Notify, Veto, Waterfall } from '../hook-map.js'
import { HookRecords } from '../point-records.js'
import { buildPoints, HookRegistry, type EnabledModules } from '../registry.js'
import { timeSpent } from '../../../test/helpers/time-spent.js'

declare module '../hook-map.js' {
  interface HookMap {
    'example.change': Waterfall<readonly string[], number>
    'example.ask': Collect<string, string>
    'example.object': Veto<string>
    'example.told': Notify<{ readonly id: string }>
  }
}

const call: HookCall = {
  context: { companyId: 'one', actor: { kind: 'system', id: null, name: 'test' }, locale: 'en', source: 'cli', groups: new Set() },
}

describe('hook registry', () => {
  /** Modules in dependency order, each depending on all before it. */
  function registry(
    modules: Readonly<Record<string, (hooks: HookRecords) => void>>,
    enabled: EnabledModules = () => new Set(Object.keys(modules)),
    added: unknown[] = [],
  ): HookRegistry {
    const names = Object.keys(modules)
    const participants = Object.entries(modules).map(([module, setup]) => {
      const records = new HookRecords()
      setup(records)
      return { module, records }
    })
    const { points, faults } = buildPoints(participants, (module, owner) => names.indexOf(owner) < names.indexOf(module))
    assert.deepEqual(faults, [])
    return new HookRegistry(points, enabled, () => ({
      addMany: async (_transaction, name, jobs) => {
        added.push({ name, jobs })
      },
    }))
  }
  const owner = (hooks: HookRecords): void => {
    hooks.declare('example.change', 'waterfall')
    hooks.declare('example.ask', 'collect')
    hooks.declare('example.object', 'veto')
    hooks.declare('example.told', 'notify')
  }
  const on = (hooks: HookRecords, name: string, listener: unknown): void => {
    hooks.on(name, listener)
  }

  it('hands a waterfall value from listener to listener, in dependency order, synchronous or not', async () => {
    const hooks = registry({
      owner,
      a: (h) => on(h, 'example.change', (value: string[], info: number) => [...value, `a${info}`]),
      b: (h) => on(h, 'example.change', async (value: string[]) => Promise.resolve([...value, 'b'])),
    })
    assert.deepEqual(await hooks.waterfall('example.change', ['start'], 7, call), ['start', 'a7', 'b'])
  })

  it('joins answers, single or in lists, and leaves out no answer', async () => {
    const hooks = registry({
      owner,
      a: (h) => on(h, 'example.ask', (info: string) => [`${info}1`, `${info}2`]),
      b: (h) => on(h, 'example.ask', async () => Promise.resolve('b')),
      c: (h) => on(h, 'example.ask', () => undefined),
    })
    assert.deepEqual(await hooks.collect('example.ask', 'a', call), ['a1', 'a2', 'b'])
  })

  it('gathers all objections', async () => {
    const hooks = registry({
      owner,
      a: (h) => on(h, 'example.object', () => [{ code: 'A-1' }, { code: 'A-2', level: 'warning' }]),
      b: (h) => on(h, 'example.object', () => undefined),
      c: (h) => on(h, 'example.object', async () => Promise.resolve([{ code: 'C-1' }])),
    })
    assert.deepEqual(
      (await hooks.veto('example.object', '', call)).map((fault) => fault.code),
      ['A-1', 'A-2', 'C-1'],
    )
  })

  it('puts one job per listener of a notify into the transaction, and delivers by module and place', async () => {
    const added: { name: string; jobs: { payload: Parameters<HookRegistry['deliver']>[0] }[] }[] = []
    const told: string[] = []
    const hooks = registry(
      {
        owner,
        a: (h) => {
          on(h, 'example.told', async ({ id }: { id: string }) => told.push(`first ${id}`))
          on(h, 'example.told', async ({ id }: { id: string }) => told.push(`second ${id}`))
        },
        b: (h) => on(h, 'example.told', async () => told.push('never: not enabled')),
      },
      () => new Set(['owner', 'a']),
      added,
    )
    // Only jobs look at the transaction, and these are recorded above.
    const transaction = {} as CompanyTransaction
    await hooks.notify('example.told', { id: 'x' }, { ...call, transaction })
    assert.deepEqual(told, [])
    assert.equal(added.at(0)?.name, 'hooks.notify')
    for (const { payload } of added.flatMap(({ jobs }) => jobs).toReversed()) await hooks.deliver(payload, call)
    assert.deepEqual(told, ['second x', 'first x'])
    await assert.rejects(
      hooks.deliver({ hook: 'example.told', module: 'gone', listenerIndex: 0, payload: {} }, call),
      (error) => error instanceof Fault && error.code === 'HOOK-LISTENER-MISSING',
    )
  })

  it('asks only modules that the company enabled; a question before there is a company goes to all', async () => {
    const enabled: EnabledModules = async (companyId) => Promise.resolve(new Set(companyId === 'one' ? ['a'] : ['b']))
    const hooks = registry({ owner, a: (h) => on(h, 'example.ask', () => 'a'), b: (h) => on(h, 'example.ask', () => 'b') }, enabled)
    assert.deepEqual(await hooks.collect('example.ask', '', call), ['a'])
    assert.deepEqual(await hooks.collect('example.ask', '', { context: { ...call.context, companyId: 'two' } }), ['b'])
    assert.deepEqual(await hooks.collectFromAll('example.ask', ''), ['a', 'b'])
  })

  it('names module and point when a listener throws, and lets coded faults and database errors through as they are', async () => {
    const throwing = (error: unknown) =>
      registry({
        owner,
        a: (h) =>
          on(h, 'example.object', () => {
            throw error
          }),
      }).veto('example.object', '', call)
    await assert.rejects(throwing(new TypeError('x is undefined')), (error) => {
      assert.ok(error instanceof Fault)
      assert.deepEqual(
        [error.code, error.params],
        ['HOOK-LISTENER-FAILED', { hook: 'example.object', module: 'a', reason: 'x is undefined' }],
      )
      return error.cause instanceof TypeError
    })
    const fault = new Fault('SA-VAT-01')
    await assert.rejects(throwing(fault), fault)
    const conflict = Object.assign(new Error('could not serialize access'), { code: '40001' })
    await assert.rejects(throwing(conflict), conflict)
    await assert.rejects(
      registry({ owner, a: (h) => on(h, 'example.ask', async () => Promise.reject(new Error('later'))) }).collect('example.ask', '', call),
      (error) => error instanceof Fault && error.code === 'HOOK-LISTENER-FAILED',
    )
  })

  it('refuses a point that nobody declared and a point of another kind', async () => {
    const hooks = registry({ owner })
    const code = (expected: string) => (error: unknown) => error instanceof Fault && error.code === expected
    await assert.rejects(hooks.veto('example.change' as 'example.object', '', call), code('HOOK-KIND'))
    await assert.rejects(hooks.veto('example.nowhere' as 'example.object', '', call), code('HOOK-UNDECLARED'))
  })

  it('refuses a listener that is no function', () => {
    assert.throws(() => {
      new HookRecords().on('example.ask', 'text')
    }, TypeError)
  })

  it('runs listeners in dependency order for any set of enabled modules', async () => {
    const modules = ['m0', 'm1', 'm2', 'm3', 'm4']
    await fc.assert(
      fc.asyncProperty(fc.subarray(modules), fc.boolean(), async (chosen, late) => {
        const set = new Set(chosen)
        const hooks = registry(
          { owner, ...Object.fromEntries(modules.map((name) => [name, (h: HookRecords) => on(h, 'example.ask', () => name)])) },
          () => (late ? Promise.resolve(set) : set),
        )
        assert.deepEqual(
          await hooks.collect('example.ask', '', call),
          modules.filter((name) => set.has(name)),
        )
      }),
    )
  })

  it('answers 100,000 calls without listeners to wait for in under two seconds', async () => {
    const hooks = registry({ owner, a: (h) => on(h, 'example.object', () => undefined) })
    const spent = timeSpent()
    for (let count = 0; count < 100_000; count += 1) await hooks.veto('example.object', '', call)
    assert.ok(spent() < 2000, `${spent()} ms`)
  })

  it('finds each broken rule, by module', () => {
    const participant = (module: string, ...points: [string, string][]) => {
      const records = new HookRecords()
      for (const [name, kind] of points) {
        if (kind === 'on') records.on(name, () => undefined)
        else records.declare(name, kind as HookKind) // a JavaScript module may say anything
      }
      return { module, records }
    }
    const { faults } = buildPoints(
      [participant('owner', ['p', 'veto'], ['q', 'chain']), participant('b', ['p', 'veto']), participant('c', ['p', 'on'], ['r', 'on'])],
      () => false,
    )
    assert.deepEqual(
      faults.map(({ module, fault }) => [module, fault.code]),
      [
        ['owner', 'HOOK-KIND'],
        ['b', 'HOOK-DECLARED-TWICE'],
        ['c', 'HOOK-NOT-DEPENDED'],
        ['c', 'HOOK-UNDECLARED'],
      ],
    )
  })
})
