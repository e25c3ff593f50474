/** Which fields are shown, and which still want something. The host decides again when all is handed in. */
export const isEmpty = (value) => value === undefined || value === null || value === '' || value === false

export function isShown(field, fields, values, seen = []) {
  if (seen.includes(field.id)) return false
  return field.conditions.every((condition) => {
    const asked = fields.find((one) => one.id === condition.field)
    const shown = asked === undefined || asked.conditions.length === 0 || isShown(asked, fields, values, [...seen, field.id])
    return holds(condition, shown ? values[condition.field] : undefined)
  })
}

function holds({ operator, value: wanted = '' }, value) {
  switch (operator) {
    case 'equals':
      return value === wanted
    case 'not_equals':
      return value !== wanted
    case 'filled':
      return !isEmpty(value)
    case 'empty':
      return isEmpty(value)
    case 'checked':
      return value === true
    case 'unchecked':
      return value !== true
    case 'greater':
    case 'less':
      return typeof value === 'string' && value !== '' && ordered(value, wanted, operator)
    default:
      return false
  }
}

function ordered(value, wanted, operator) {
  const numbers = [Number(value), Number(wanted)]
  const [one, other] = numbers.every(Number.isFinite) ? numbers : [value, wanted]
  return operator === 'greater' ? one > other : one < other
}
