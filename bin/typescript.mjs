// Lets this process, or this thread, read TypeScript. For `node --import`, and for threads and children of the host.
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// A thread of Node 20 cannot take the whole of tsx; what it loads are modules.
if (isMainThread) await import('tsx')
else (await import('tsx/esm/api')).register()
register('./packages-as-they-are.mjs', import.meta.url)
