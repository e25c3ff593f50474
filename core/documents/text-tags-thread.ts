import { parentPort } from 'node:worker_threads'
import { readTextTags } from './read-text-tags.js'
import type { TagsAnswer } from './text-tags.js'

const port = parentPort
if (port === null) throw new Error('text-tags-thread runs as a worker thread only')

port.on('message', (bytes: Uint8Array) => {
  readTextTags(bytes).then(
    (tags) => {
      port.postMessage({ ok: true, tags } satisfies TagsAnswer)
    },
    () => {
      port.postMessage({ ok: false } satisfies TagsAnswer)
    },
  )
})
