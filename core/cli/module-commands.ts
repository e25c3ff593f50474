import { readdir } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Fault } from '../i18n/fault.js'
import type { CommandEntry, CommandFile } from './main.js'
import { installation } from './terminal.js'

/**
 * Commands that modules bring: `modules/<name>/cli/<command>.ts` exporting `register(program)`. Only the names of the
 * files are read here; a file is imported when its command is called.
 */
export async function moduleCommands(modulesDir: string = join(installation, 'modules')): Promise<readonly CommandEntry[]> {
  const folders = await readdir(modulesDir, { withFileTypes: true }).catch(() => [])
  const entries: CommandEntry[] = []
  for (const folder of folders.filter((entry) => entry.isDirectory())) {
    const cli = join(modulesDir, folder.name, 'cli')
    const files = await readdir(cli).catch(() => [])
    for (const file of files.sort()) {
      const { name, ext } = parse(file)
      if ((ext !== '.ts' && ext !== '.js') || name.endsWith('.d')) continue
      entries.push({ name, load: () => loadCommand(join(cli, file), folder.name) })
    }
  }
  return entries
}

async function loadCommand(file: string, module: string): Promise<CommandFile> {
  const loaded: unknown = await import(pathToFileURL(file).href)
  if (!isCommandFile(loaded)) throw new Fault('CLI-COMMAND-FILE', { params: { file, module }, status: 500 })
  return loaded
}

function isCommandFile(value: unknown): value is CommandFile {
  return typeof value === 'object' && value !== null && 'register' in value && typeof value.register === 'function'
}
