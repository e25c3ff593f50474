const embedding = /[\u202a-\u202e]/g
const turning = /[\u202a-\u202e\u2066-\u2069]/
/** More marks on one letter than any script piles up; of Latin, Cyrillic, Hebrew and Arabic, whose marks stand over one another. */
const marks =
  '\\u0300-\\u036F\\u0483-\\u0489\\u0591-\\u05BD\\u0610-\\u061A\\u064B-\\u065F\\u0670\\u06D6-\\u06ED\\u1AB0-\\u1AFF\\u1DC0-\\u1DFF\\u20D0-\\u20FF\\uFE20-\\uFE2F'
// Marks alone, in ranges: that they combine is why they stand here.
// eslint-disable-next-line no-misleading-character-class
const flood = new RegExp(`([${marks}]{8})[${marks}]+`, 'g')

/**
 * Text of others as it stands among ours: it turns nothing but itself. Embeddings and overrides (Unicode 9, X2 to X5) are left out, of
 * isolates only pairs stay, so that `fdp.exe` cannot be shown as `exe.pdf` and no name turns the words behind it; marks are piled no
 * higher than any script piles them. What Arabic and Persian are written with stays: joiners and direction marks.
 */
export function containedText(text: string): string {
  const calm = text.replace(flood, '$1')
  return turning.test(calm) ? calm.replace(embedding, '').split('\n').map(pairedIsolates).join('\n') : calm
}

/** The same for a whole page: isolates are paired within each text between tags, and within each attribute. */
export function containedMarkup(markup: string): string {
  const calm = markup.replace(flood, '$1')
  if (!turning.test(calm)) return calm
  return calm.replace(embedding, '').replace(/[^<>"]+/g, (part) => (turning.test(part) ? pairedIsolates(part) : part))
}

/** Without isolates that are never closed, and without closings of none. */
function pairedIsolates(text: string): string {
  const open: number[] = []
  const unpaired = new Set<number>()
  for (const { 0: sign, index } of text.matchAll(/[\u2066-\u2069]/g)) {
    if (sign !== '\u2069') open.push(index)
    else if (open.pop() === undefined) unpaired.add(index)
  }
  for (const index of open) unpaired.add(index)
  return unpaired.size === 0 ? text : text.replace(/[\u2066-\u2069]/g, (sign, index: number) => (unpaired.has(index) ? '' : sign))
}
