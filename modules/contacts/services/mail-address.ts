/** Does this look like one e-mail address? Delivery tells the rest. */
export function isMailAddress(value: string): boolean {
  if (value.length > 254 || /[\s<>,;]/.test(value)) return false
  const [local = '', domain = '', ...more] = value.split('@')
  const labels = domain.split('.')
  return (
    more.length === 0 && local !== '' && labels.length >= 2 && labels.every((label) => label !== '') && (labels.at(-1) ?? '').length >= 2
  )
}
