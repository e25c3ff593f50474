import { commandTexts, languageOf } from './terminal.js'

/** Mistakes of a command line as Commander words them, and the text of ours that says the same. */
const wordings: readonly (readonly [key: string, wording: RegExp])[] = [
  ['cli.usage.unknown-command', /^error: unknown command '([^']*)'/],
  ['cli.usage.unknown-option', /^error: unknown option '([^']*)'/],
  ['cli.usage.missing-argument', /^error: missing required argument '([^']*)'/],
  ['cli.usage.missing-option', /^error: required option '([^']*)' not specified/],
  ['cli.usage.option-without-value', /^error: option '([^']*)' argument missing/],
]

/** A mistake in the reader's language; a wording that is not known stays as it is. @param text as Commander would print it */
export function usageError(text: string, argv: readonly string[]): string {
  const locale = languageOf(languageIn(argv))
  for (const [key, wording] of wordings) {
    const given = wording.exec(text)?.[1]
    if (given !== undefined) return `${commandTexts().text(locale, key, { given })}\n`
  }
  return text
}

/** The value of `--lang`, before the options are read: also where one of them is wrong. */
export function languageIn(argv: readonly string[]): string | undefined {
  const at = argv.indexOf('--lang')
  return at >= 0 ? argv[at + 1] : argv.find((one) => one.startsWith('--lang='))?.slice('--lang='.length)
}
