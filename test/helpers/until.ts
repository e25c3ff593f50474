import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until something holds, and answers it; what it is says the message. The limit only ends a wait in vain: on a machine that does much
 * at once everything comes, but late. What the product promises about times is asserted by the test itself.
 */
export async function until<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  milliseconds = 90_000,
): Promise<Value> {
  const end = performance.now() + milliseconds
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value
    if (performance.now() > end) throw new Error(`waited ${String(milliseconds)} ms in vain: ${what}`)
    await sleep(20)
  }
}
