import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { joinSheet } from '../join-sheet.js'

const assets = fileURLToPath(new URL('../../views/assets/', import.meta.url))

describe('a style sheet of many files', () => {
  it('reaches the browser as one, its parts in the order of their imports', async () => {
    const folder = await temporaryFolder()
    try {
      const sheet = join(folder.path, 'sheet.css')
      writeFileSync(join(folder.path, 'one.css'), '.one { color: red }\n')
      writeFileSync(join(folder.path, 'two.css'), '/* Second,\n   told first. */\n.two { color: blue }\n')
      writeFileSync(sheet, "/* Both. */\n@import 'two.css';\n@import 'one.css';\n")
      assert.equal(joinSheet(sheet), '.two { color: blue }\n.one { color: red }\n')
      writeFileSync(join(folder.path, 'one.css'), "@import 'two.css';\n")
      assert.throws(() => joinSheet(sheet), /one\.css.* has imports of its own/)
      writeFileSync(sheet, "@import 'three.css';\n")
      assert.throws(() => joinSheet(sheet), /three\.css/)
    } finally {
      await folder.remove()
    }
  })

  for (const name of ['khatm.css', 'signatures/editor/editor.css', 'signatures/signer/sign.css'])
    it(`${name}: every part in its folder is taken once, nothing is left to fetch, each part is short`, () => {
      const path = join(assets, name)
      const taken = [...readFileSync(path, 'utf8').matchAll(/@import '(style\/[^']+)';/g)].map(([, part]) => part)
      const there = readdirSync(join(dirname(path), 'style')).map((part) => `style/${part}`)
      assert.deepEqual(taken.toSorted(), there.toSorted())
      assert.doesNotMatch(joinSheet(path), /@import/)
      for (const part of there) {
        const text = readFileSync(join(dirname(path), part), 'utf8')
        assert.ok(text.split('\n').length <= 300, `${part} is more than one idea`)
        assert.doesNotMatch(text, /url\(/, `${part}: an address would be read from the folder of the sheet`)
      }
    })
})
