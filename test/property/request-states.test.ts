import assert from 'node:assert/strict'
import fc from 'fast-check'
import { requestStates, signerStates, type RequestState, type SignerState } from '../../modules/signatures/models/request.js'
import type { RoleAction } from '../../modules/signatures/models/role.js'
import { acting, allFinished, groupsOf, nextToAsk } from '../../modules/signatures/services/requests/order.js'
import { finishedStates, requestTransitions, signerTransitions } from '../../modules/signatures/services/requests/states.js'

const action = fc.constantFrom('sign' as const, 'approve' as const, 'copy' as const)
const person = fc.record({ action, group: fc.integer({ min: 1, max: 5 }) })
const order = fc.constantFrom('groups' as const, 'parallel' as const, 'sequential' as const)

interface Asked {
  readonly id: number
  readonly action: RoleAction
  readonly group: number
  state: SignerState
}

describe('order and states of requests', () => {
  it('asks everybody who acts exactly once, a group only after all lower ones, whoever finishes first', () => {
    fc.assert(
      fc.property(fc.array(person, { minLength: 1, maxLength: 12 }), order, fc.infiniteStream(fc.nat()), (list, how, choices) => {
        const groups = groupsOf(how, list)
        const people = list.map((one, index): Asked => ({ ...one, id: index, group: groups[index] ?? 1, state: 'waiting' }))
        const asked: number[] = []
        const ask = (): void => {
          for (const one of nextToAsk(people)) {
            const lower = acting(people).filter((other) => other.group < one.group)
            assert.ok(
              lower.every((other) => finishedStates.includes(other.state)),
              'nobody before him is open',
            )
            asked.push(one.id)
            one.state = 'sent'
          }
        }
        ask()
        for (let step = 0; step < list.length; step++) {
          const open = people.filter((one) => one.state === 'sent')
          if (open.length === 0) break
          const next = open[choices.next().value % open.length]
          assert.ok(next)
          next.state = next.action === 'approve' ? 'approved' : 'signed'
          ask()
        }
        const all = acting(people).map((one) => one.id)
        assert.deepEqual([...asked].sort(compare), all.sort(compare))
        assert.equal(allFinished(people), all.length > 0)
      }),
      { numRuns: 2000 },
    )
  })

  it('has no way out of an end, no state that cannot be reached, and none from which no end can be reached', () => {
    check(requestStates, requestTransitions, 'draft', ['sealed', 'declined', 'expired', 'cancelled'])
    check(signerStates, signerTransitions, 'waiting', ['signed', 'approved', 'copied', 'declined', 'expired'])
  })

  it('stays in the table whatever is tried, and never leaves an end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...requestStates), { maxLength: 30 }), (wishes) => {
        let state: RequestState = 'draft'
        for (const wish of wishes) {
          const before: RequestState = state
          if (requestTransitions[state].includes(wish)) state = wish
          if (requestTransitions[before].length === 0) assert.equal(state, before)
        }
        assert.ok(state !== 'sealed' || wishes.includes('signed'), 'nothing is sealed that not all have signed')
      }),
      { numRuns: 2000 },
    )
  })
})

function compare(one: number, other: number): number {
  return one - other
}

function check<State extends string>(
  states: readonly State[],
  table: Readonly<Record<State, readonly State[]>>,
  start: State,
  ends: readonly State[],
): void {
  const reach = (from: State): Set<State> => {
    const seen = new Set<State>([from])
    for (const state of seen) for (const next of table[state]) seen.add(next)
    return seen
  }
  const all = reach(start)
  for (const state of states) {
    assert.ok(all.has(state), `${state} can be reached`)
    if (ends.includes(state)) assert.deepEqual(table[state], [], `${state} is an end`)
    else
      assert.ok(
        ends.some((end) => reach(state).has(end)),
        `${state} leads to an end`,
      )
  }
}
