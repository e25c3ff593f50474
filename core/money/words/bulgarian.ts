/** A counted noun in the forms that Bulgarian numbers ask for. */
export interface BulgarianNoun {
  readonly gender: 'masculine' | 'feminine' | 'neuter'
  readonly one: string
  /** After a number: бройна форма of masculine nouns (два лева), plural of the others (две стотинки). */
  readonly many: string
}

type Gender = BulgarianNoun['gender']

const ones: Record<Gender, readonly [one: string, two: string]> = {
  masculine: ['един', 'два'],
  feminine: ['една', 'две'],
  neuter: ['едно', 'две'],
}
const small = (
  'нула едно две три четири пет шест седем осем девет десет единадесет дванадесет тринадесет четиринадесет петнадесет ' +
  'шестнадесет седемнадесет осемнадесет деветнадесет'
).split(' ')
const tens = 'нула десет двадесет тридесет четиридесет петдесет шестдесет седемдесет осемдесет деветдесет'.split(' ')
const hundreds = ['', 'сто', 'двеста', 'триста', 'четиристотин', 'петстотин', 'шестстотин', 'седемстотин', 'осемстотин', 'деветстотин']
const scales: readonly { readonly size: bigint; readonly noun: BulgarianNoun; readonly alone: string }[] = [
  { size: 10n ** 12n, noun: { gender: 'masculine', one: 'трилион', many: 'трилиона' }, alone: 'един трилион' },
  { size: 10n ** 9n, noun: { gender: 'masculine', one: 'милиард', many: 'милиарда' }, alone: 'един милиард' },
  { size: 10n ** 6n, noun: { gender: 'masculine', one: 'милион', many: 'милиона' }, alone: 'един милион' },
  { size: 1000n, noun: { gender: 'feminine', one: 'хиляда', many: 'хиляди' }, alone: 'хиляда' },
]

/** Words of 1 to 999, the last of them to be joined by «и». */
function words(value: number, gender: Gender): string[] {
  const parts: string[] = []
  if (value >= 100) parts.push(hundreds[Math.floor(value / 100)] ?? '')
  const rest = value % 100
  const unit = (digit: number): string => (digit === 1 ? ones[gender][0] : digit === 2 ? ones[gender][1] : (small[digit] ?? ''))
  if (rest > 0 && rest < 20) parts.push(rest < 3 ? unit(rest) : (small[rest] ?? ''))
  else if (rest >= 20) {
    parts.push(tens[Math.floor(rest / 10)] ?? '')
    if (rest % 10 > 0) parts.push(unit(rest % 10))
  }
  return parts
}

function join(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(' ')} и ${parts.at(-1) ?? ''}`
}

/** «хиляда сто и петдесет лева»; един, една, едно by the noun's gender. */
export function bulgarianCounted(count: bigint, noun: BulgarianNoun): string {
  const groups: string[][] = []
  let left = count
  for (const { size, noun: scaleNoun, alone } of scales) {
    const group = Number(left / size)
    left %= size
    if (group === 0) continue
    if (group === 1) groups.push([alone])
    else groups.push([`${join(words(group, scaleNoun.gender))} ${scaleNoun.many}`])
  }
  if (left > 0n) groups.push(words(Number(left), noun.gender))
  const unit = count === 1n ? noun.one : noun.many
  if (groups.length === 0) return `нула ${unit}`
  const last = groups.pop() ?? []
  const before = groups.flat().join(' ')
  const tail = join(last)
  const number = before === '' ? tail : last.length === 1 ? `${before} и ${tail}` : `${before} ${tail}`
  return `${number} ${unit}`
}
