import { post } from './call.js'
import { isEmpty, isShown } from './rules.js'

const pause = 500

/** What was entered: kept on the host a moment after the last key, so that another device can go on. */
export class Store {
  #waiting = {}
  #timer
  #sending = Promise.resolve()
  #listeners = []
  /** Pictures and names of what was drawn, typed and uploaded here, by id. */
  shown = new Map()
  faults = new Map()
  state = 'saved'

  constructor(page) {
    this.page = page
    this.values = { ...page.values }
  }

  onChange(listener) {
    this.#listeners.push(listener)
  }

  tell(id) {
    for (const listener of this.#listeners) listener(id)
  }

  /** Fields that are asked for as things stand. */
  get fields() {
    const known = { ...this.page.others, ...this.values }
    return this.page.fields.filter((field) => isShown(field, this.page.fields, known))
  }

  get toFill() {
    return this.fields.filter((field) => !field.readonly)
  }

  get missing() {
    return this.toFill.filter((field) => (field.required && isEmpty(this.values[field.id])) || this.faults.has(field.id))
  }

  set(id, value) {
    if (isEmpty(value)) delete this.values[id]
    else this.values[id] = value
    this.faults.delete(id)
    this.#waiting[id] = isEmpty(value) ? null : value
    this.state = 'saving'
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.save(), pause)
    this.tell(id)
  }

  /** Sends what waits; calls stand in a row, so that an older value never comes after a newer one. */
  save() {
    clearTimeout(this.#timer)
    this.#sending = this.#sending.then(() => this.#send())
    return this.#sending
  }

  async #send() {
    const values = this.#waiting
    if (Object.keys(values).length === 0) return
    this.#waiting = {}
    try {
      const { faults } = await post(`${this.page.path}/values`, { data: JSON.stringify(values) })
      for (const id of Object.keys(values)) if (!(id in this.#waiting)) this.faults.delete(id)
      for (const { field, text } of faults) if (!(field in this.#waiting)) this.faults.set(field, text)
      this.state = Object.keys(this.#waiting).length === 0 ? 'saved' : 'saving'
    } catch (error) {
      // Nothing is lost: it goes with the next try.
      this.#waiting = { ...values, ...this.#waiting }
      this.state = 'failed'
      // Somebody else's turn, or a session that ended: the page says which.
      if (error.status === 401 || error.status === 409) location.reload()
      else this.#timer = setTimeout(() => void this.save(), 4_000)
    }
    this.tell()
  }
}
