import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Handle } from 'pkcs11js'
import { TokenSessions } from '../keys/pkcs11/token-sessions.js'

/** Sessions of a token that counts what is opened, and whose C_CloseSession fails once it was pulled. */
function tokenOf(limit: number): { sessions: TokenSessions; opened: () => number; pull: () => void } {
  let opened = 0
  let pulled = false
  const sessions = new TokenSessions(
    limit,
    (): Handle => Buffer.from([++opened]),
    () => {
      if (pulled) throw new Error('CKR_SESSION_HANDLE_INVALID')
    },
  )
  return {
    sessions,
    opened: () => opened,
    pull: () => {
      pulled = true
    },
  }
}

/** Whether the promise has settled by the next turn of the event loop. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.finally(() => {
    settled = true
  })
  await setImmediate()
  return settled
}

describe('sessions of a token', () => {
  it('no more than allowed are open; who waits gets the next that is given back, in order', async () => {
    const { sessions, opened } = tokenOf(1)
    const first = await sessions.take()
    const [second, third] = [sessions.take(), sessions.take()]
    assert.equal(sessions.hasQueue, true)
    sessions.give(first)
    assert.equal(await second, first)
    assert.equal(await isSettled(third), false)
    sessions.give(first)
    assert.equal(await third, first)
    assert.equal(opened(), 1)
  })

  it('a session after a fault is closed, and who waits gets a new one', async () => {
    const { sessions, opened } = tokenOf(1)
    const first = await sessions.take()
    const waiting = sessions.take()
    sessions.drop(first, false)
    assert.notDeepEqual(await waiting, first)
    assert.equal(opened(), 2)
  })

  it('a session that cannot even be closed takes no place away: the next caller does not wait for ever', async () => {
    const { sessions, pull } = tokenOf(2)
    const held = [await sessions.take(), await sessions.take()]
    pull()
    for (const session of held) sessions.drop(session, false)
    assert.equal(await isSettled(sessions.take()), true)
  })
})
