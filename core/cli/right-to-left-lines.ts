/** Marks of the Unicode Standard, Annex 9: what stands between one of the first two and the last is ordered by itself. */
export const rightToLeftIsolate = '\u2067'
/** U+2066, opens a run that is shown left to right (Unicode UAX 9, clause 2.4.2). */
export const leftToRightIsolate = '\u2066'
/** U+2069, ends the isolate opened last. */
export const popIsolate = '\u2069'

/** Names, options and examples inside a text: from a letter, digit, dash or path to a letter, digit or closing mark, spaces between them. */
const leftToRightPart = /[\w"%./<{-][\x21-\x7e…]*(?: [\x21-\x7e…]+)*/g

/**
 * One line of Arabic for a terminal that orders text by direction: read from the right, also where it begins with a Latin name, and
 * `--option`, `"value"` and the like are kept whole inside it. The line as a whole stays where it is put, so that columns line up.
 */
export function isolatedLine(line: string): string {
  return `${rightToLeftIsolate}${line.replace(leftToRightPart, keptWhole)}${popIsolate}`
}

function keptWhole(part: string): string {
  // Marks at the end belong to the Arabic around them, but for one that closes what the part has opened.
  let end = part.length
  while (end > 0 && !isEnd(part.slice(0, end))) end -= 1
  const whole = part.slice(0, end)
  return /[a-z]/i.test(whole) ? `${leftToRightIsolate}${whole}${popIsolate}${part.slice(end)}` : part
}

function isEnd(part: string): boolean {
  const last = part.slice(-1)
  if (last === ')') return part.includes('(')
  // Arabic has a comma, a semicolon and a question mark of its own.
  return /[\w"%>}\]*…,;?=]/.test(last)
}
