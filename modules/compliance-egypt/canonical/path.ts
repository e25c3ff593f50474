/** Names and places on the way from the root, as people read them: `invoiceLines[0].itemCode`. */
export function pathOf(place: readonly (string | number)[]): string {
  let path = ''
  for (const part of place) path += typeof part === 'number' ? `[${String(part)}]` : path === '' ? part : `.${part}`
  return path
}
