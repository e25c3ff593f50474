/** A field of a posted form as text without blanks at its ends; '' when it is not there, or there several times. */
export function formText(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value.trim() : ''
}
