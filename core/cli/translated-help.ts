import { Command, Help, type Argument, type Option } from 'commander'
import { directionOf, type Locale } from '../i18n/locale.js'
import { isolatedLine, leftToRightIsolate, popIsolate, rightToLeftIsolate } from './right-to-left-lines.js'
import { commandTexts } from './terminal.js'

/** What Commander says of its own accord, and the text of ours that says the same. */
const ownWords: ReadonlyMap<string, string> = new Map([
  ['Usage:', 'cli.help.usage'],
  ['Arguments:', 'cli.help.arguments'],
  ['Options:', 'cli.help.options'],
  ['Global Options:', 'cli.help.global-options'],
  ['Commands:', 'cli.help.commands'],
  ['display help for command', 'cli.help.shown'],
])

/**
 * A command whose help stands in the reader's language. Its descriptions, and those of its options and arguments, are keys of texts
 * (`cli.help.…`); what is no key stands as it is. No text is read before help is asked for.
 */
export class TranslatedCommand extends Command {
  constructor(
    name: string | undefined,
    private readonly locale: Locale,
  ) {
    super(name)
  }

  /** For Commander: every command below is of the same kind. */
  override createCommand(name?: string): Command {
    return new TranslatedCommand(name, this.locale)
  }

  /** For Commander: what forms the help of this command. */
  override createHelp(): Help {
    return Object.assign(new TranslatedHelp(this.locale), this.configureHelp())
  }
}

class TranslatedHelp extends Help {
  constructor(private readonly locale: Locale) {
    super()
  }

  override styleTitle(title: string): string {
    if (title !== 'Usage:') return this.#lines(this.#text(title))
    // One line with what follows it, which `styleUsage` ends.
    return this.#rightToLeft() ? `${rightToLeftIsolate}${this.#text(title)}` : this.#text(title)
  }

  override styleUsage(usage: string): string {
    return this.#rightToLeft() ? `${leftToRightIsolate}${usage}${popIsolate}${popIsolate}` : usage
  }

  override commandDescription(command: Command): string {
    return this.#text(command.description())
  }

  override subcommandDescription(command: Command): string {
    return this.#text(command.summary() || command.description())
  }

  override optionDescription(option: Option): string {
    const takesValue = option.required || option.optional
    return this.#withValues(option, takesValue ? option.defaultValue : undefined)
  }

  override argumentDescription(argument: Argument): string {
    return this.#withValues(argument, argument.defaultValue)
  }

  /** Columns of a terminal that a text takes: Arabic vowel marks stand over the letter before, isolates nowhere. */
  override displayWidth(text: string): number {
    return text.match(/[^\p{Mn}\p{Me}\p{Cf}]/gu)?.length ?? 0
  }

  override formatItem(term: string, termWidth: number, description: string, helper: Help): string {
    // Commander wraps nothing into a column narrower than this, and then `boxWrap` is not asked.
    const column = (this.helpWidth ?? 80) - termWidth - 4
    return super.formatItem(term, termWidth, column < this.minWidthToWrap ? this.#lines(description) : description, helper)
  }

  override boxWrap(text: string, width: number): string {
    return this.#lines(super.boxWrap(text, width))
  }

  /** The description, and after it which values there are and which one it is when none is given. */
  #withValues(of: Option | Argument, defaultValue: unknown): string {
    const texts = commandTexts()
    const separator = texts.text(this.locale, 'cli.help.separator')
    const notes: string[] = []
    if (of.argChoices !== undefined) {
      const values = of.argChoices.map((choice) => JSON.stringify(choice)).join(separator)
      notes.push(texts.text(this.locale, 'cli.help.choices', { values }))
    }
    if (defaultValue !== undefined) {
      const value = of.defaultValueDescription ?? JSON.stringify(defaultValue)
      notes.push(texts.text(this.locale, 'cli.help.default', { value }))
    }
    const described = of.description === '' ? [] : [this.#text(of.description)]
    return [...described, ...(notes.length === 0 ? [] : [`(${notes.join(separator)})`])].join(' ')
  }

  #text(words: string): string {
    return words === '' ? '' : commandTexts().text(this.locale, ownWords.get(words) ?? words)
  }

  #lines(text: string): string {
    return this.#rightToLeft() ? text.split('\n').map(isolatedLine).join('\n') : text
  }

  #rightToLeft(): boolean {
    return directionOf(this.locale) === 'rtl'
  }
}
