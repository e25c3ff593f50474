// Lets this process, or this thread, read TypeScript. For `node --import`, and for threads and children of the host.
import { register } from 'node:module'

process.setSourceMapsEnabled(true)
register('./read-typescript.mjs', import.meta.url)
