/** A counted noun after 1 and after every other number. */
export interface EnglishNoun {
  readonly one: string
  readonly many: string
}

const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']
const scales: readonly (readonly [size: bigint, name: string])[] = [
  [10n ** 12n, 'trillion'],
  [10n ** 9n, 'billion'],
  [10n ** 6n, 'million'],
  [1000n, 'thousand'],
]

function belowThousand(value: number): string {
  const parts: string[] = []
  if (value >= 100) parts.push(`${small[Math.floor(value / 100)] ?? ''} hundred`)
  const rest = value % 100
  if (rest > 0 && rest < 20) parts.push(small[rest] ?? '')
  else if (rest >= 20)
    parts.push(rest % 10 === 0 ? (tens[rest / 10] ?? '') : `${tens[Math.floor(rest / 10)] ?? ''}-${small[rest % 10] ?? ''}`)
  return parts.join(' ')
}

/** “one thousand one hundred fifty Saudi riyals”. */
export function englishCounted(count: bigint, noun: EnglishNoun): string {
  const parts: string[] = []
  let left = count
  for (const [size, name] of scales) {
    const group = Number(left / size)
    left %= size
    if (group > 0) parts.push(`${belowThousand(group)} ${name}`)
  }
  if (left > 0n) parts.push(belowThousand(Number(left)))
  return `${parts.length === 0 ? 'zero' : parts.join(' ')} ${count === 1n ? noun.one : noun.many}`
}
