import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * Installed modules are read without tsx, which looks into each for what it might have to rewrite: with packages that carry a
 * megabyte of WebAssembly in their text that cost every process 140 MB and seconds of its start.
 */
export async function load(url, context, next) {
  const isPackage = url.startsWith('file:') && url.includes('/node_modules/')
  const isModule = url.endsWith('.mjs') || (url.endsWith('.js') && context.format === 'module')
  if (!isPackage || !isModule) return next(url, context)
  return { format: 'module', source: await readFile(fileURLToPath(url)), shortCircuit: true }
}
