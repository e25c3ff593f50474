import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCoreTranslator } from '../../i18n/create-translator.js'
import { agentFolder } from '../agent-folder.js'
import { Pairings } from '../pairings.js'
import { serviceFile } from '../service-files.js'
import { tokenLibraries } from '../token-libraries.js'
import { Fault } from '../../i18n/fault.js'

describe('The desk on each platform', () => {
  it('keeps its files in the folder of the user', () => {
    const windows = { platform: 'win32', home: 'C:\\Users\\Salma' } as const
    assert.equal(
      agentFolder({ ...windows, environment: { LOCALAPPDATA: 'C:\\Users\\Salma\\AppData\\Local' } }),
      'C:\\Users\\Salma\\AppData\\Local\\Khatm\\Agent',
    )
    assert.equal(agentFolder({ ...windows, environment: {} }), 'C:\\Users\\Salma\\AppData\\Local\\Khatm\\Agent')
    assert.equal(agentFolder({ platform: 'linux', home: '/home/salma', environment: {} }), '/home/salma/.local/state/khatm/agent')
    assert.equal(agentFolder({ platform: 'linux', home: '/home/salma', environment: { XDG_STATE_HOME: '/state' } }), '/state/khatm/agent')
    assert.equal(
      agentFolder({ platform: 'darwin', home: '/Users/salma', environment: {} }),
      '/Users/salma/Library/Application Support/Khatm/Agent',
    )
  })

  it('finds the libraries of known tokens where each system keeps them', () => {
    const there = new Set(['C:\\Windows\\System32\\eps2003csp11.dll', 'C:\\Windows\\System32\\SignatureP11.dll'])
    const found = tokenLibraries({ platform: 'win32', environment: { SYSTEMROOT: 'C:\\Windows' } }, [], (file) => there.has(file))
    assert.deepEqual(
      found.map(({ name, file }) => [name, file]),
      [
        ['epass2003', 'C:\\Windows\\System32\\eps2003csp11.dll'],
        ['egypt-trust', 'C:\\Windows\\System32\\SignatureP11.dll'],
      ],
    )
    assert.deepEqual(
      tokenLibraries({ platform: 'linux', environment: {} }, [], () => false),
      [],
    )
    assert.throws(
      () => tokenLibraries({ platform: 'linux', environment: {} }, ['/nowhere.so'], existsSync),
      (error) => error instanceof Fault && error.code === 'SIGN-AGENT-LIBRARY',
    )
  })

  it('writes what starts it, with blanks, quotes and specifiers in paths', () => {
    const command = ['/opt/my node/bin/node', '/opt/khatm/bin/khatm.mjs', 'agent', '--folder', '/data/50%']
    assert.match(
      serviceFile({ platform: 'linux', command }).text,
      /^ExecStart="\/opt\/my node\/bin\/node" \/opt\/khatm\/bin\/khatm\.mjs agent --folder \/data\/50%%$/m,
    )
    const task = serviceFile({ platform: 'win32', command: ['C:\\Program Files\\node.exe', 'C:\\My Khatm\\', 'a"b & c'] }).text
    assert.match(
      task,
      /<Command>C:\\Program Files\\node\.exe<\/Command><Arguments>&quot;C:\\My Khatm\\\\&quot; &quot;a\\&quot;b &amp; c&quot;<\/Arguments>/,
    )
    assert.match(serviceFile({ platform: 'darwin', command }).text, /<string>\/opt\/my node\/bin\/node<\/string>/)
  })

  it('names the file of a pairing that cannot be read, whatever stands in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'khatm-desk-'))
    try {
      const pairings = new Pairings(folder)
      const file = join(folder, 'pairings', 'half.json')
      for (const text of ['{"agentId": "', '', '{}'])
        assert.throws(
          () => {
            writeFileSync(file, text)
            pairings.list()
          },
          (error) => error instanceof Fault && error.code === 'SIGN-AGENT-PAIRING-UNREADABLE' && error.params['file'] === file,
        )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('has its texts in three languages', () => {
    const texts = createCoreTranslator()
    for (const locale of ['ar', 'en', 'bg'] as const) assert.notEqual(texts.text(locale, 'agent.page.title'), 'agent.page.title')
  })
})
