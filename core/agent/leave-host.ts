import { HostConnection } from './host-connection.js'
import type { Pairing } from './pairings.js'

/**
 * Tells the host that the person ends the pairing at this PC: the host refuses the desk from then on.
 * @returns false when the host could not be told in time; then somebody unpairs the desk there
 */
export async function leaveHost(pairing: Pairing, software: string, timeoutMs = 10_000): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  let connection: HostConnection | undefined
  try {
    return await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => {
        resolve(false)
      }, timeoutMs)
      const opened = new HostConnection(pairing, {
        software,
        onMessage: (message) => {
          if (message.type === 'welcome') opened.send({ type: 'leave' })
        },
        onState: (state) => {
          // The host refuses a desk it does not pair with (any more).
          if (state === 'refused') resolve(true)
          if (state === 'stranger') resolve(false)
        },
      })
      connection = opened
      opened.open()
    })
  } finally {
    clearTimeout(timer)
    connection?.close()
  }
}
