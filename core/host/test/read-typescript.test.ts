import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readingTypeScript } from '../../../test/helpers/reading-typescript.js'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'

describe('TypeScript is read as it lies in the folder', () => {
  let folder: TemporaryFolder
  let kept: string
  const run = () =>
    spawnSync(process.execPath, [...readingTypeScript, join(folder.path, 'main.ts')], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, TMPDIR: folder.path },
    })
  const write = (name: string, text: string) => writeFile(join(folder.path, name), text)
  const keptFiles = () => readdir(kept)

  beforeEach(async () => {
    folder = await temporaryFolder()
    kept = join(folder.path, `khatm-translated-${String(process.getuid?.() ?? 'user')}`)
    await write('facts.json', '{"tax": "0.14"}')
    await write('plain.js', 'export const plain = 1\n')
    await write('shape.ts', 'export interface Shape { readonly sides: number }\nexport const square: Shape = { sides: 4 }\n')
    await write(
      'main.ts',
      "import facts from './facts.json' with { type: 'json' }\nimport bare from './facts.json'\nimport { plain } from './plain.js'\nimport { square, type Shape } from './shape.js'\nconst shape: Shape = square\nconsole.log(shape.sides, plain, facts.tax, bare.tax)\n",
    )
  })
  afterEach(() => folder.remove())

  it('imports TypeScript by its later name, JavaScript and JSON', () => {
    const { stdout, stderr } = run()
    assert.deepEqual([stdout, stderr], ['4 1 0.14 0.14\n', ''])
  })

  it('names the line of the source where a program fails', async () => {
    await write('shape.ts', 'interface Long {\n  a: string\n}\n\nexport const square = (undefined as unknown as Long).a\n')
    assert.match(run().stderr, /shape\.ts:5:\d+/)
  })

  it('keeps a translation, and makes another when the file changes', async () => {
    run()
    assert.equal((await keptFiles()).length, 2)
    run()
    assert.equal((await keptFiles()).length, 2)
    await write('shape.ts', 'export interface Shape { readonly sides: number }\nexport const square: Shape = { sides: 5 }\n')
    assert.equal(run().stdout, '5 1 0.14 0.14\n')
    assert.equal((await keptFiles()).length, 3)
  })

  it('forgets translations after a week, when it makes a new one', async () => {
    await mkdir(kept, { mode: 0o700 })
    const old = join(kept, 'old.mjs')
    await writeFile(old, '')
    const eightDaysAgo = new Date(Date.now() - 8 * 24 * 3_600_000)
    await utimes(old, eightDaysAgo, eightDaysAgo)
    run()
    const left = await keptFiles()
    assert.deepEqual([left.length, left.includes('old.mjs')], [2, false])
  })

  it('runs nothing from a folder in which others may write, and works all the same', async () => {
    run()
    for (const name of await keptFiles()) await writeFile(join(kept, name), "console.log('of somebody else')\n")
    await chmod(kept, 0o777)
    assert.equal(run().stdout, '4 1 0.14 0.14\n')
  })
})
