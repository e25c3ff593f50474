import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Writes files of a module folder for a test: path below the folder to text. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

export interface ManifestParts {
  readonly depends?: readonly string[]
  readonly extends?: readonly string[]
  readonly version?: string
  readonly host?: string
  readonly always?: boolean
  readonly countries?: readonly string[]
  /** Body of `setup(host)`. */
  readonly setup?: string
}

/** Text of a manifest in plain JavaScript, as somebody outside this tree would write it. */
export function manifestSource(name: string, parts: ManifestParts = {}): string {
  const { depends = [], version = '1.0.0', host = '^1', setup = '', ...rest } = parts
  const facts = { name, version, host, title: { ar: name, en: name, bg: name }, depends, ...rest }
  return `const facts = ${JSON.stringify(facts)}\nexport default { ...facts, setup(host) { ${setup} } }\n`
}
