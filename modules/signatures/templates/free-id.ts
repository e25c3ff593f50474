/**
 * An id made of a name, so that who knows the name recognises it: letters and digits of ASCII, hyphens between words.
 * @param instead of a name that has none of them, or one that is reserved
 * @param taken gets the new id
 */
export function freeId(name: string, longest: number, instead: string, taken: Set<string>, reserved: readonly string[] = []): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  let made = ''
  for (const word of words) {
    const longer = made === '' ? word.slice(0, longest) : `${made}-${word}`
    if (longer.length > longest) break
    made = longer
  }
  const base = made === '' || reserved.includes(made) ? instead : made
  let id = base
  for (let next = 2; taken.has(id); next += 1) id = `${base}-${String(next)}`
  taken.add(id)
  return id
}
