import type { AnswerMessage, Batch, RequestMessage, TokenProcessSettings } from './messages.js'
import { asTokenFault, TokenFault } from './token-fault.js'
import { TokenLibrary } from './token-library.js'

/**
 * The process a PKCS#11 library lives in. A vendor's library may block, leak or crash: it does so here, and the host
 * starts another. The PIN is read here and nowhere else.
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as TokenProcessSettings // written by TokenHost alone

const loading = import('pkcs11js').then(
  (loaded) => new TokenLibrary('default' in loaded ? loaded.default : loaded, settings),
  () => new TokenFault('SIGN-PKCS11-NOT-INSTALLED'),
)

let loaded: TokenLibrary | undefined

async function load(): Promise<TokenLibrary> {
  const library = await loading
  if (library instanceof TokenFault) throw library
  loaded = library
  return library
}

function work(library: TokenLibrary, message: RequestMessage): unknown {
  switch (message.operation) {
    case 'tokens':
      return library.describe()
    case 'driver':
      return library.driver()
    case 'list':
      return library.list()
    case 'unlock':
      return library.unlock(message.tokenSerial, message.pin, message.finalTry)
    case 'find':
      return library.find(message.query)
    case 'keys':
      return library.keys(message.query)
    case 'sign':
      return library.sign(message.query, message)
    case 'generate':
      return library.generate(message.query, message.wish)
    case 'write-certificate':
      return library.writeCertificate(message.query, message.certificate).then(() => true)
  }
}

async function answer(message: RequestMessage): Promise<AnswerMessage> {
  try {
    return { id: message.id, result: await work(loaded ?? (await load()), message) }
  } catch (error) {
    const { code, params } = asTokenFault(error)
    return { id: message.id, fault: { code, params } }
  }
}

/** Longest that an answer is held for others to cross with it. */
const holdMs = 10

/**
 * Answers that became ready in one turn of the event loop cross together. While more work waits than there are sessions,
 * answers gather: a crossing wakes two processes, which costs as much as a tenth of a signature. When nothing waits any more they
 * cross at once, while every session still has work, so that none is idle for it.
 */
let ready: AnswerMessage[] = []
let crossing: NodeJS.Immediate | undefined
let held: NodeJS.Timeout | undefined

function reply(message: AnswerMessage): void {
  ready.push(message)
  if (loaded?.hasQueue === true) held ??= setTimeout(cross, holdMs)
  else crossing ??= setImmediate(cross)
}

function cross(): void {
  clearTimeout(held)
  clearImmediate(crossing)
  held = crossing = undefined
  const batch = ready
  ready = []
  if (batch.length > 0) process.send?.(batch)
}

process.on('message', (batch) => {
  // The host is the only one on this channel.
  for (const message of batch as Batch<RequestMessage>) void answer(message).then(reply)
})
process.on('disconnect', () => {
  process.exit(0)
})
// A terminal's Ctrl-C reaches the whole group; the host decides when this process ends.
process.on('SIGINT', () => undefined)
// Nothing yet, but here.
process.send?.([])
