import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { locales, type Locale } from '../../i18n/locale.js'
import { readCommands } from '../main.js'
import { isolatedLine } from '../right-to-left-lines.js'
import { commandTexts, installation } from '../terminal.js'

const isolates = /[\u2066\u2067\u2069]/g
const arabic = /[\u0621-\u064a]/
const cyrillic = /[\u0410-\u044f]/

interface Described {
  /** `khatm sign --level <level>`. */
  readonly place: string
  readonly key: string
  /** As help shows it. */
  readonly shown: string
}

/** Every command below, and itself. */
const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)]

const nameOf = (command: Command): string => (command.parent === null ? '' : `${nameOf(command.parent)} `) + command.name()

/** Whatever help says of a command in words, but for the titles of its lists. */
function describedBy(command: Command): readonly Described[] {
  const help = command.createHelp()
  const name = nameOf(command)
  return [
    { place: name, key: command.description(), shown: help.commandDescription(command) },
    ...help
      .visibleArguments(command)
      .map((one) => ({ place: `${name} ${one.name()}`, key: one.description, shown: help.argumentDescription(one) })),
    ...help
      .visibleOptions(command)
      .map((one) => ({ place: `${name} ${one.flags}`, key: one.description, shown: help.optionDescription(one) })),
    ...help
      .visibleCommands(command)
      .map((one) => ({ place: `${name} ${one.name()}`, key: one.description(), shown: help.subcommandDescription(one) })),
  ]
}

const helpOf = (command: Command): string => command.helpInformation()

describe('help of the command line', function () {
  this.timeout(120_000)
  const programs = new Map<Locale, Command>()
  const commandsIn = (locale: Locale): readonly Command[] => {
    const program = programs.get(locale)
    assert.ok(program)
    return all(program)
  }

  before(async () => {
    for (const locale of locales) programs.set(locale, await readCommands(['--lang', locale]))
  })

  it('has a text of its own in three languages for every command, option and argument', () => {
    const wrong: string[] = []
    const shown = (locale: Locale): readonly Described[] => commandsIn(locale).flatMap(describedBy)
    const [english, bulgarian] = [shown('en'), shown('bg')]
    for (const [index, { place, key, shown: text }] of shown('ar').entries()) {
      const [en, bg] = [english[index]?.shown ?? '', bulgarian[index]?.shown ?? '']
      const isTranslated = arabic.test(text) && cyrillic.test(bg) && en !== '' && !arabic.test(en) && !cyrillic.test(en)
      const isText = en !== key && text !== key && bg !== key
      if (!isTranslated || !isText) wrong.push(`${place}: ${en} / ${text} / ${bg}`)
    }
    assert.deepEqual(wrong, [])
    assert.ok(english.length > 150, `${String(english.length)} descriptions`)
  })

  it('has no text that is shown nowhere', async () => {
    const used = new Set(
      commandsIn('en')
        .flatMap(describedBy)
        .map(({ key }) => key),
    )
    const ofHelpItself = /^cli\.help\.(?:usage|arguments|options|global-options|commands|shown|choices|default|separator)$/
    const modules = await readdir(join(installation, 'modules'), { withFileTypes: true })
    const folders = ['core/cli', ...modules.filter((one) => one.isDirectory()).map((one) => `modules/${one.name}`)]
    const unused: string[] = []
    for (const folder of folders) {
      const text = await readFile(join(installation, folder, 'i18n/en.json'), 'utf8').catch(() => '{}')
      const keys = Object.keys(JSON.parse(text) as Record<string, string>).filter((key) => key.startsWith('cli.help.'))
      unused.push(...keys.filter((key) => !used.has(key) && !ofHelpItself.test(key)))
    }
    assert.deepEqual(unused, [])
  })

  it('says nothing in English to an Arabic reader, also not in the words of Commander', () => {
    const english = /\b(?:the|of|for|with|which|this|that|default|choices|display|usage|options|arguments|commands):?(?=\s|$)/i
    for (const command of commandsIn('ar')) {
      const told = helpOf(command)
        .replace(isolates, '')
        .split('\n')
        .filter((line) => english.test(line.replaceAll(/\[options\]|\[command\]/g, '')))
      assert.deepEqual(told, [], nameOf(command))
      assert.match(helpOf(command), /^\u2067الاستخدام: \u2066khatm/)
    }
    for (const command of commandsIn('bg')) {
      assert.match(helpOf(command), /^Употреба: khatm/)
      assert.match(helpOf(command), /^Опции:$/m)
    }
  })

  it('keeps names, options and placeholders, and their columns, in every language', () => {
    const terms = (locale: Locale): readonly string[] =>
      commandsIn(locale).flatMap(
        (command) =>
          helpOf(command)
            .replace(isolates, '')
            .match(/^ {2}[-\w]\S*(?: \S+)*(?= {2}|$)/gm) ?? [],
      )
    const english = terms('en')
    assert.ok(english.includes('  --visible <page,x,y,width,height>') && english.includes('  issue [options] <files...>'))
    for (const locale of ['ar', 'bg'] as const) assert.deepEqual(terms(locale), english)

    for (const command of commandsIn('ar')) {
      const lines = helpOf(command).split('\n')
      const columns = lines.filter((line) => line.startsWith(' ')).map((line) => line.indexOf('\u2067'))
      assert.equal(new Set(columns).size, columns.length === 0 ? 0 : 1, `${nameOf(command)}: ${columns.join()}`)
      for (const line of lines) {
        assert.ok(line.replace(/[\p{Mn}\p{Cf}]/gu, '').length <= 80, line)
        const opened = line.match(/[\u2066\u2067]/g)?.length ?? 0
        assert.equal(line.match(/\u2069/g)?.length ?? 0, opened, line)
      }
    }
  })

  it('is told in English for a language it does not know', async () => {
    assert.match((await readCommands(['keys', '--lang', 'fr'])).helpInformation(), /^Usage: khatm/)
  })

  it('names the values of an option and the one that is taken, in the language', () => {
    const sign = commandsIn('ar').find((command) => command.name() === 'sign')
    const level = sign?.options.find((option) => option.long === '--level')
    assert.ok(sign && level)
    assert.match(sign.createHelp().optionDescription(level), /\(القيم: "b"، "t"، "lt"، "lta"، الافتراضي: "b"\)$/)
    assert.match(commandTexts().text('en', 'cli.help.default', { value: '"b"' }), /^default: "b"$/)
  })
})

describe('a line of Arabic in a terminal', () => {
  /** Marks as letters, so that they are seen: R and L open, P closes. */
  const marked = (line: string): string => isolatedLine(line).replaceAll('\u2067', '⟪').replaceAll('\u2066', '⟨').replaceAll('\u2069', '⟩')

  it('is read from the right, with names, options and values whole', () => {
    assert.equal(marked('سرد التطبيقات؛ ومع --company ما تستعمله'), '⟪سرد التطبيقات؛ ومع ⟨--company⟩ ما تستعمله⟩')
    assert.equal(marked('pades داخل ملف PDF.'), '⟪⟨pades⟩ داخل ملف ⟨PDF⟩.⟩')
    assert.equal(marked('ملف (openssl rand -base64 32) هنا'), '⟪ملف (⟨openssl rand -base64 32⟩) هنا⟩')
    assert.equal(marked('سطر: {"id", "at"?,'), '⟪سطر: ⟨{"id", "at"?,⟩⟩')
    assert.equal(marked('الافتراضي: ./data)'), '⟪الافتراضي: ⟨./data⟩)⟩')
  })

  it('leaves numbers of the sentence in the sentence', () => {
    assert.equal(marked('رمز الخروج 0 فقط'), '⟪رمز الخروج 0 فقط⟩')
  })
})
