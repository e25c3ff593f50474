import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { writeFiles } from '../../core/host/test/module-folder.js'
import { installationRoot, loadModules } from '../../core/host/load-modules.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const otherModule = /from '(?:\.\.\/)+(?:modules\/)?([a-z][a-z0-9-]*)\/index\.js'|import '(?:\.\.\/)+([a-z][a-z0-9-]*)\/index\.js'/g

describe('layers', function () {
  this.timeout(180_000)

  it('lets a module import only modules that its manifest depends on', async () => {
    const loaded = await loadModules({ modules: [], dataDir: installationRoot })
    const undeclared: string[] = []
    for (const { name, discovered } of loaded.all) {
      const allowed = loaded.dependencies.get(name) ?? new Set<string>()
      const files = readdirSync(discovered.folder, { recursive: true, encoding: 'utf8' })
      for (const file of files.filter((path) => path.endsWith('.ts') && !/(?:^|\/)test\//.test(path))) {
        for (const match of readFileSync(join(discovered.folder, file), 'utf8').matchAll(otherModule)) {
          const target = match[1] ?? match[2] ?? ''
          const isModule = loaded.all.some((module) => module.name === target)
          if (isModule && target !== name && !allowed.has(target)) undeclared.push(`${name}/${file} → ${target}`)
        }
      }
    }
    assert.deepEqual(undeclared, [])
  })

  it('finds each kind of wrong import', async () => {
    const folder = await temporaryFolder()
    try {
      symlinkSync(join(installationRoot, 'node_modules'), join(folder.path, 'node_modules'))
      const wrong: Readonly<Record<string, readonly [text: string, rule: string]>> = {
        'core/host/names.ts': [`import '../../modules/invoicing/index.js'`, 'core-knows-no-module'],
        'modules/seal/inner.ts': [`import '../invoicing/totals.js'`, 'modules-meet-at-index'],
        'modules/compliance-saudi/leans.ts': [`import '../compliance-egypt/index.js'`, 'countries-stand-alone'],
        'modules/invoicing/country.ts': [`import '../compliance-egypt/index.js'`, 'invoicing-knows-no-country'],
        'core/http/session.ts': [`import 'pg'`, 'only-the-database-imports-pg'],
        'modules/seal/key.ts': [`import 'node-forge'`, 'only-signing-imports-cryptography'],
        'modules/seal/token.ts': [`import 'secp256k1'`, 'only-signing-imports-cryptography'],
        'core/mail/pdf.ts': [`import 'pdf-lib'`, 'only-documents-import-pdf-and-typst'],
        'core/signing/formats/cades/pdf.ts': [`import '@myriaddreamin/typst-ts-node-compiler'`, 'only-documents-import-pdf-and-typst'],
        'core/jobs/round.ts': [`import './about.js'\nexport const a = 1`, 'no-cycles'],
        'core/jobs/about.ts': [`import './round.js'\nexport const b = 1`, 'no-cycles'],
      }
      await writeFiles(folder.path, {
        // The packages are linked, and must be seen in node_modules all the same.
        '.dependency-cruiser.cjs': `const rules = require(${JSON.stringify(join(installationRoot, '.dependency-cruiser.cjs'))})
          module.exports = { ...rules, options: { ...rules.options, preserveSymlinks: true } }`,
        'package.json': '{"type":"module"}',
        'tsconfig.json': '{"compilerOptions":{"module":"NodeNext","moduleResolution":"NodeNext","target":"ES2023"}}',
        'modules/invoicing/index.ts': 'export {}',
        'modules/invoicing/totals.ts': 'export {}',
        'modules/compliance-egypt/index.ts': 'export {}',
        'core/db/allowed.ts': `import 'pg'`,
        'core/signing/allowed.ts': `import 'node-forge'`,
        ...Object.fromEntries(Object.entries(wrong).map(([file, [text]]) => [file, text])),
      })
      const { stdout } = spawnSync(
        process.execPath,
        [
          join(installationRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
          '--config',
          '.dependency-cruiser.cjs',
          '--output-type',
          'json',
          'core',
          'modules',
        ],
        { cwd: folder.path, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
      )
      const found = (JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } }).summary.violations
      for (const [file, [, rule]] of Object.entries(wrong)) {
        assert.ok(
          // A cycle is reported once, from one of its ends.
          found.some((violation) => violation.rule.name === rule && (violation.from === file || rule === 'no-cycles')),
          `${file} breaks ${rule}`,
        )
      }
      assert.deepEqual(
        found.filter((violation) => violation.from.includes('allowed')),
        [],
      )
    } finally {
      rmSync(join(folder.path, 'node_modules'))
      await folder.remove()
    }
  })
})
