import { begin, redo, step, undo } from './history.js'
import { placeOf } from './fields.js'

/** The one place that holds what is edited, what is chosen, and the way back. Tells its listeners; knows nothing of the page. */
export function createStore(document, pages) {
  let history = begin(document)
  let selection = []
  const listeners = { document: [], selection: [], view: [] }
  const tell = (kind, detail) => {
    for (const listener of listeners[kind]) listener(detail)
  }
  const keepKnown = () => {
    const known = selection.filter((key) => placeOf(history.present, key) !== undefined)
    if (known.length === selection.length) return
    selection = known
    tell('selection')
  }
  const store = {
    pages,
    /** Role that new fields get. */
    role: document.roles[0]?.id ?? 'company',
    /** Page that is looked at, from 1. */
    page: 1,
    get document() {
      return history.present
    },
    get selection() {
      return selection
    },
    get canUndo() {
      return history.past.length > 0
    },
    get canRedo() {
      return history.future.length > 0
    },
    on(kind, listener) {
      listeners[kind].push(listener)
    },
    /** @param source who changed it, so that a panel need not draw itself anew while one types in it */
    change(next, { name, key, source } = {}) {
      if (next === history.present) return
      history = step(history, next, { name, key, at: Date.now() })
      keepKnown()
      tell('document', { source })
    },
    undo() {
      if (!store.canUndo) return undefined
      const { name } = history.past.at(-1)
      history = undo(history)
      keepKnown()
      tell('document', { source: 'history' })
      return name
    },
    redo() {
      if (!store.canRedo) return undefined
      const { name } = history.future[0]
      history = redo(history)
      keepKnown()
      tell('document', { source: 'history' })
      return name
    },
    select(keys) {
      const next = [...new Set(keys)]
      if (next.length === selection.length && next.every((key, index) => key === selection[index])) return
      selection = next
      tell('selection')
    },
    toggle(key) {
      store.select(selection.includes(key) ? selection.filter((one) => one !== key) : [...selection, key])
    },
    /** Chosen places with their fields. */
    chosen() {
      return selection.map((key) => placeOf(history.present, key)).filter((place) => place !== undefined)
    },
    look(change) {
      Object.assign(store, change)
      tell('view', change)
    },
  }
  return store
}
