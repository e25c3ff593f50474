/**
 * Two people edited one template. What only one of them changed is taken from him; what both changed stays as it is here, and is told.
 * @param base what both began with
 * @param mine what stands in this window
 * @param theirs what was saved meanwhile
 */
export function merge(base, mine, theirs) {
  const fields = mergeList(base.fields, mine.fields, theirs.fields)
  const roles = mergeList(base.roles, mine.roles, theirs.roles)
  return {
    document: { ...theirs, roles: roles.list, fields: fields.list },
    taken: [...fields.taken, ...roles.taken],
    kept: [...fields.kept, ...roles.kept],
  }
}

function mergeList(base, mine, theirs) {
  const [before, here, there] = [base, mine, theirs].map((list) => new Map(list.map((one) => [one.id, one])))
  const taken = []
  const kept = []
  const choose = (id) => {
    const [old, own, foreign] = [before.get(id), here.get(id), there.get(id)]
    if (same(own, foreign)) return own
    if (same(old, own)) {
      taken.push(id)
      return foreign
    }
    if (!same(old, foreign)) kept.push(id)
    // Deleted here, changed there (or the other way round): a field is easier to delete than to make again.
    return own ?? (same(old, foreign) ? undefined : foreign)
  }
  const ids = [...mine.map(({ id }) => id), ...theirs.map(({ id }) => id).filter((id) => !here.has(id))]
  return { list: ids.map(choose).filter((one) => one !== undefined), taken, kept }
}

/** Equal as data, in whatever order an object's members were written. */
export function same(one, other) {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  for (const name of names) if (!same(one[name], other[name])) return false
  return Array.isArray(one) === Array.isArray(other)
}
