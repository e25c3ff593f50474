import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Where the host runs from TypeScript, the thread must load tsx itself: on Node 20 the loader of the main thread does not
 * reach it. A require finds tsx in every loader; its twin for import lies beside what it finds.
 */
export function startThread(module: URL, options: WorkerOptions): Worker {
  if (!module.pathname.endsWith('.ts')) return new Worker(module, options)
  const loader = JSON.stringify(
    pathToFileURL(
      createRequire(import.meta.url)
        .resolve('tsx/esm/api')
        .replace(/\.cjs$/, '.mjs'),
    ).href,
  )
  const source = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(module.href)}) })`
  return new Worker(source, { ...options, eval: true })
}
