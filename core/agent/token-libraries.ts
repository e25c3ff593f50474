import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '../i18n/fault.js'
import type { Machine } from './agent-folder.js'

/** A PKCS #11 library on this computer. */
export interface TokenLibraryFile {
  readonly name: string
  readonly title: string
  readonly file: string
}

const paths = z.array(z.string())
const knownShape = z.object({
  checked: z.string(),
  libraries: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      source: z.string(),
      egypt: z.enum(['seen', 'unconfirmed']),
      linux: paths,
      win32: paths,
      darwin: paths,
    }),
  ),
})

/**
 * PKCS#11 libraries of this PC: those a person names (they must be there), else the known ones of token-libraries.json that
 * are installed.
 * @throws Fault SIGN-AGENT-LIBRARY when a named one is missing
 */
export function tokenLibraries(
  machine: Pick<Machine, 'platform' | 'environment'>,
  named: readonly string[],
  exists: (file: string) => boolean = existsSync,
): TokenLibraryFile[] {
  const missing = named.find((file) => !exists(file))
  if (missing !== undefined) throw new Fault('SIGN-AGENT-LIBRARY', { params: { file: missing } })
  if (named.length > 0) return named.map((file, index) => ({ name: `library-${index + 1}`, title: lastPart(file), file }))
  return knownTokenLibraries(machine).flatMap(({ name, title, files }) => {
    const file = files.find((path) => exists(path))
    return file === undefined ? [] : [{ name, title, file }]
  })
}

/** A library the table knows, with the places it is looked for on this system; none where no source names one. */
export interface KnownTokenLibrary {
  readonly name: string
  readonly title: string
  /** Where the name and the place come from. */
  readonly source: string
  /** Whether tools of the Egyptian field name it; the rest is a maker's default. */
  readonly egypt: 'seen' | 'unconfirmed'
  readonly files: readonly string[]
}

/** What the desk looks for on a system, and where: shown when nothing was found and where people set up their token. */
export function knownTokenLibraries({ platform, environment }: Pick<Machine, 'platform' | 'environment'>): KnownTokenLibrary[] {
  const system = platform === 'win32' || platform === 'darwin' ? platform : 'linux'
  return readKnown().libraries.map((library) => {
    const { name, title, source, egypt } = library
    return { name, title, source, egypt, files: library[system].map((path) => expand(path, environment)) }
  })
}

function readKnown(): z.infer<typeof knownShape> {
  return knownShape.parse(JSON.parse(readFileSync(new URL('./token-libraries.json', import.meta.url), 'utf8')))
}

/** `%SystemRoot%` as Windows writes it; names of variables are not case-sensitive there. */
function expand(path: string, environment: Machine['environment']): string {
  return path.replace(/%(\w+)%/g, (whole, name: string) => {
    const found = Object.entries(environment).find(([key]) => key.toLowerCase() === name.toLowerCase())
    return found?.[1] ?? whole
  })
}

function lastPart(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file
}
