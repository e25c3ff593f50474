import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const anImport = /^@import '([^']+)';$/gm

/**
 * A style sheet with its parts in the place of their imports, in the order that is written: many small files to read, one request on
 * first paint. Comments stay behind. Addresses in a part are relative to the sheet. Throws when a part is missing or has imports of its own.
 */
export function joinSheet(path: string): string {
  const joined = readFileSync(path, 'utf8').replaceAll(anImport, (_line, name: string) => {
    const part = readFileSync(join(dirname(path), name), 'utf8')
    if (part.includes('@import')) throw new Error(`${name}, a part of ${path}, has imports of its own`)
    return part.trimEnd()
  })
  return withoutComments(joined)
}

function withoutComments(sheet: string): string {
  const [start = '', ...commented] = sheet.split('/*')
  return start + commented.map((rest) => rest.slice(rest.indexOf('*/') + 2).replace(/^\n/, '')).join('')
}
