/** Steps that can be taken back. States are values that nobody changes; a history is such a value too. */

const mostSteps = 300
/** Steps of one kind on one thing that follow within this time are one step: typing, arrow keys. */
const pause = 1200

export function begin(present) {
  return { past: [], present, future: [], key: undefined, at: 0 }
}

/**
 * @param name what was done, for the reader ("Moved", …)
 * @param key what may be joined with the step before; none: a step of its own
 */
export function step(history, present, { name, key, at = 0 }) {
  if (present === history.present) return history
  if (key !== undefined && key === history.key && at - history.at <= pause && history.past.length > 0)
    return { ...history, present, future: [], at }
  const past = [...history.past, { state: history.present, name }].slice(-mostSteps)
  return { past, present, future: [], key, at }
}

export function undo(history) {
  const last = history.past.at(-1)
  if (last === undefined) return history
  return {
    past: history.past.slice(0, -1),
    present: last.state,
    future: [{ state: history.present, name: last.name }, ...history.future],
    key: undefined,
    at: 0,
  }
}

export function redo(history) {
  const next = history.future[0]
  if (next === undefined) return history
  return {
    past: [...history.past, { state: history.present, name: next.name }],
    present: next.state,
    future: history.future.slice(1),
    key: undefined,
    at: 0,
  }
}
