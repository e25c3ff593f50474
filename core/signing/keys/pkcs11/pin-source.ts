import { readFileSync } from 'node:fs'
import type { PinSource } from './messages.js'

interface ConfiguredPin {
  readonly pinFile: string | null
  readonly pinEnvironment: string | null
}

/** PINs of variables the system does not show to a child: kept as bytes that no text in the heap repeats. */
const withheld = new Map<string, Buffer>()

/**
 * Takes the variables that hold PINs out of this process's environment, so that no child inherits them and nothing here reads
 * them. Called first thing at boot. On Linux their text never becomes a value of this process.
 */
export function withholdPins(modules: readonly ConfiguredPin[]): void {
  for (const { pinEnvironment: name } of modules) {
    if (name === null || !(name in process.env)) continue
    if (!isInFirstEnvironment(name)) withheld.set(name, Buffer.from(process.env[name] ?? ''))
    // Assigning `undefined` would leave the word; only delete takes a variable away.
    delete process.env[name]
  }
}

/** Where the PIN comes from; a file goes before the environment. Nothing is read here. */
export function pinSourceOf({ pinFile, pinEnvironment: name }: ConfiguredPin): PinSource {
  if (pinFile !== null) return { from: 'file', file: pinFile }
  if (name === null) return { from: 'nowhere' }
  if (withheld.has(name)) return { from: 'input' }
  return isInFirstEnvironment(name) ? { from: 'host-environment', name } : { from: 'nowhere' }
}

/** The bytes for a child that reads its PIN from its input. */
export function withheldPin(name: string | null): Buffer | undefined {
  return name === null ? undefined : withheld.get(name)
}

/** Whether a PIN is configured and there, told without reading it. */
export function pinIsThere({ pinEnvironment: name }: ConfiguredPin): boolean {
  return name !== null && (withheld.has(name) || name in process.env || isInFirstEnvironment(name))
}

function isInFirstEnvironment(name: string): boolean {
  const block = environmentBlock('self')
  try {
    return valueIn(block, name) !== undefined
  } finally {
    block.fill(0)
  }
}

/** In the child: the variable as its parent was started with it. */
export function pinOfParent(name: string): string | undefined {
  const block = environmentBlock(String(process.ppid))
  try {
    return valueIn(block, name)?.toString('utf8')
  } finally {
    block.fill(0)
  }
}

/** The environment a process was started with; empty where the system has no such file. */
function environmentBlock(process: string): Buffer {
  try {
    return readFileSync(`/proc/${process}/environ`)
  } catch {
    return Buffer.alloc(0)
  }
}

function valueIn(block: Buffer, name: string): Buffer | undefined {
  const prefix = Buffer.from(`${name}=`)
  for (let start = 0; start < block.length;) {
    const end = block.indexOf(0, start)
    const entry = block.subarray(start, end < 0 ? block.length : end)
    if (entry.subarray(0, prefix.length).equals(prefix)) return entry.subarray(prefix.length)
    start = (end < 0 ? block.length : end) + 1
  }
  return undefined
}
