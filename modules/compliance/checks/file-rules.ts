import { readdir } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'

/** A rule that a file breaks. */
export interface FiredRule {
  /** Code of the rule: its text is that of the fault of the same code. */
  readonly rule: string
  readonly level: 'error' | 'warning'
  /** Where in the file, in the terms of its format. */
  readonly place: string
  readonly params?: FaultDetail['params']
}

/**
 * A set of business rules on a finished file. A country puts each of its sets into `modules/<name>/checks/<set>.ts`, which exports
 * `check`; `khatm check --rules <set>` finds it by its name.
 */
export interface FileRules {
  /** @throws Fault when the file cannot be read at all */
  check(bytes: Uint8Array, now: Date): readonly FiredRule[]
}

const installation = join(import.meta.dirname, '../..')

/** Rule sets by name. Only the names of the files are read. */
async function ruleFiles(modules: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const entry of await readdir(modules, { withFileTypes: true })) {
    // The folder of this file holds none.
    if (!entry.isDirectory() || entry.name === 'compliance') continue
    const folder = join(modules, entry.name, 'checks')
    for (const file of await readdir(folder).catch(() => [])) {
      const { name, ext } = parse(file)
      if ((ext === '.ts' || ext === '.js') && !name.endsWith('.d')) found.set(name, join(folder, file))
    }
  }
  return found
}

/** @throws Fault COMPLIANCE-CHECK-RULES naming the sets there are */
export async function rulesNamed(name: string, modules: string = installation): Promise<FileRules> {
  const files = await ruleFiles(modules)
  const file = files.get(name)
  const known = [...files.keys()].sort().join(', ')
  if (file === undefined) throw new Fault('COMPLIANCE-CHECK-RULES', { status: 400, params: { rules: name, known } })
  const loaded: unknown = await import(pathToFileURL(file).href)
  if (!isFileRules(loaded)) throw new Error(`${file} exports no check`)
  return loaded
}

function isFileRules(value: unknown): value is FileRules {
  return typeof value === 'object' && value !== null && 'check' in value && typeof value.check === 'function'
}
