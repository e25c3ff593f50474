import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Where the host runs from TypeScript, the thread must learn to read it itself: on Node 20 the loader of the main thread does
 * not reach it.
 */
export function startThread(module: URL, options: WorkerOptions): Worker {
  if (!module.pathname.endsWith('.ts')) return new Worker(module, options)
  const loader = new URL('../../bin/typescript.mjs', import.meta.url).href
  const source = `import(${JSON.stringify(loader)}).then(() => import(${JSON.stringify(module.href)}))`
  return new Worker(source, { ...options, eval: true })
}
