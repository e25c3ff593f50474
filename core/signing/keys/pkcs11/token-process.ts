import type { AnswerMessage, RequestMessage, TokenProcessSettings } from './messages.js'
import { asTokenFault, TokenFault } from './token-fault.js'
import { TokenLibrary } from './token-library.js'

/**
 * The process a PKCS#11 library lives in. A vendor's library may block, leak or crash: it does so here, and the host
 * starts another. The PIN is read here and nowhere else.
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as TokenProcessSettings // written by TokenProcess.start alone

const loading = import('pkcs11js').then(
  (loaded) => new TokenLibrary('default' in loaded ? loaded.default : loaded, settings),
  () => new TokenFault('SIGN-PKCS11-NOT-INSTALLED'),
)

async function answer(message: RequestMessage): Promise<AnswerMessage> {
  try {
    const library = await loading
    if (library instanceof TokenFault) throw library
    switch (message.operation) {
      case 'tokens':
        return { id: message.id, result: library.describe() }
      case 'list':
        return { id: message.id, result: await library.list() }
      case 'unlock':
        return { id: message.id, result: library.unlock(message.tokenSerial, message.pin, message.finalTry) }
      case 'find':
        return { id: message.id, result: await library.find(message.query) }
      case 'sign':
        return { id: message.id, result: await library.sign(message.query, message.scheme, message.digestAlgorithm, message.digest) }
    }
  } catch (error) {
    const { code, params } = asTokenFault(error)
    return { id: message.id, fault: { code, params } }
  }
}

process.on('message', (message) => {
  // The host is the only one on this channel.
  void answer(message as RequestMessage).then((reply) => process.send?.(reply))
})
process.on('disconnect', () => {
  process.exit(0)
})
// A terminal's Ctrl-C reaches the whole group; the host decides when this process ends.
process.on('SIGINT', () => undefined)
