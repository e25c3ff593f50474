/**
 * Text of others as it may be shown: control characters (a terminal obeys them) and direction overrides (they turn
 * `100` into `001`) become a visible sign.
 */
export function shownText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd')
}
