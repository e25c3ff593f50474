import { post } from './call.js'
import { make } from './dom.js'
import { editorOf } from './editor.js'
import { openInk } from './ink.js'
import { drawPages } from './pages.js'
import { Store } from './store.js'

const root = document.querySelector('[data-signing]')
const store = new Store(JSON.parse(root.dataset.signing))
const { words } = store.page
const find = (name) => document.querySelector(`[data-${name}]`)
const pages = find('pages')

if (root.dataset.reading === undefined) work()
else void drawPages(store, pages, () => undefined).catch(() => failed())

function failed() {
  const loading = pages.querySelector('[data-loading]')
  if (loading !== null) loading.textContent = words.failed
}

function work() {
  const [editor, list, count, fault, next, finish, saved] = ['editor', 'fields', 'count', 'fault', 'next', 'finish', 'saved'].map(find)
  const views = [...document.querySelectorAll('[data-view]')]
  let open
  let listed = new Map()

  const refresh = () => {
    const { toFill, missing } = store
    const required = toFill.filter((field) => field.required)
    const done = required.filter((field) => !missing.includes(field)).length
    count.textContent = words.count.replace('{{done}}', done).replace('{{all}}', required.length)
    finish.disabled = false
    next.hidden = missing.length === 0
    finish.classList.toggle('s-primary', missing.length === 0)
    next.classList.toggle('s-primary', missing.length > 0)
    saved.textContent = words[store.state]
    open?.show()
    if (!find('list').hidden) relist()
  }

  /** The list follows the conditions; what is there keeps its place and its focus. */
  function relist() {
    const fields = store.fields
    const before = listed
    listed = new Map(fields.map((field) => [field.id, before.get(field.id) ?? editorOf(store, field)]))
    for (const [id, one] of before) if (!listed.has(id)) one.root.remove()
    let last
    for (const one of listed.values()) {
      if (!one.root.isConnected) {
        if (last === undefined) list.prepend(one.root)
        else last.after(one.root)
      }
      one.show()
      last = one.root
    }
  }

  function view(name) {
    for (const button of views) button.setAttribute('aria-pressed', String(button.dataset.view === name))
    pages.hidden = name !== 'document'
    find('list').hidden = name !== 'form'
    if (name === 'form') relist()
  }

  /** Opens a field below the page; a box to tick is ticked, a signature is drawn at once. */
  async function edit(field, area) {
    mark(field)
    if (field.type === 'checkbox' && area !== undefined) {
      store.set(field.id, store.values[field.id] !== true)
      return
    }
    if (field.type === 'radio' && area?.option !== undefined) {
      store.set(field.id, area.option)
      return
    }
    if (field.type === 'signature' || field.type === 'initials') {
      const given = await openInk(store, field.type)
      if (given !== undefined) store.set(field.id, { capture: given })
      return
    }
    open = editorOf(store, field)
    const close = make('button', { type: 'button', className: 's-button' }, words['editor.back'])
    const onward = make('button', { type: 'button', className: 's-button s-primary' }, words['editor.next'])
    close.addEventListener('click', () => editor.close())
    onward.addEventListener('click', () => {
      editor.close()
      const left = store.missing.filter(({ id }) => id !== field.id)
      if (left.length > 0) void walk(field)
    })
    editor.replaceChildren(
      make(
        'div',
        { className: 's-dialog-body' },
        make('h2', { id: 'editor-title', className: 's-hidden' }, field.label),
        open.root,
        make('div', { className: 's-row' }, close, onward),
      ),
    )
    editor.showModal()
    const first = editor.querySelector('input,textarea,select')
    first?.focus()
    editor.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.target.tagName !== 'INPUT' || event.isComposing) return
      event.preventDefault()
      onward.click()
    }
    editor.onclose = () => {
      open = undefined
      void store.save()
    }
  }

  function mark(field) {
    for (const box of document.querySelectorAll('.s-here')) box.classList.remove('s-here')
    const box = document.querySelector(`[data-box="${CSS.escape(field.id)}"]:not([hidden])`)
    box?.classList.add('s-here')
    box?.scrollIntoView({ block: 'center' })
  }

  /** To the next field that wants something, in the order of the document, from the one after `from` on. */
  async function walk(from) {
    await store.save()
    const { missing } = store
    if (missing.length === 0) return
    const order = store.toFill
    const start = from === undefined ? 0 : order.findIndex(({ id }) => id === from.id) + 1
    const target = [...order.slice(start), ...order.slice(0, start)].find((field) => missing.includes(field))
    if (pages.hidden) listed.get(target.id)?.root.querySelector('input,textarea,select,button')?.focus()
    else await edit(target)
  }

  async function hand() {
    fault.hidden = true
    finish.disabled = true
    try {
      await store.save()
      if (finish.dataset.elsewhere !== undefined) {
        location.assign(`${store.page.path}/elsewhere`)
        return
      }
      const place = find('place').checked ? await whereabouts() : undefined
      const answer = await post(`${store.page.path}/finish`, place === undefined ? {} : { place: JSON.stringify(place) })
      if (answer.finished) {
        location.reload()
        return
      }
      for (const { field, text } of answer.faults) store.faults.set(field, text)
      say(answer.faults[0]?.text ?? words.failed)
      store.tell()
      void walk()
    } catch (error) {
      if (error.status === 401 || error.status === 409) {
        location.reload()
        return
      }
      say(error.message === undefined || error.message === '' ? words.failed : error.message)
    }
    finish.disabled = false
  }

  function say(text) {
    fault.textContent = text
    fault.hidden = false
  }

  for (const button of views) button.addEventListener('click', () => view(button.dataset.view))
  next.addEventListener('click', () => void walk())
  finish.addEventListener('click', () => {
    if (store.missing.length > 0) {
      for (const field of store.missing) if (!store.faults.has(field.id)) store.faults.set(field.id, words.empty)
      store.tell()
      say(words['finish.all'])
      void walk()
    } else void hand()
  })
  // The next page asks the host what was entered: it must be there by then.
  for (const link of document.querySelectorAll('[data-leave]'))
    link.addEventListener('click', (event) => {
      event.preventDefault()
      void store.save().then(() => location.assign(link.href))
    })
  store.onChange(refresh)
  refresh()
  void drawPages(store, pages, (field, area) => void edit(field, area)).catch(() => {
    failed()
    view('form')
  })
  // What was typed last goes out before the page does.
  addEventListener('pagehide', () => void store.save())
}

/** Asked of the device only after the signer ticked it; without an answer there is none. */
function whereabouts() {
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracyMetres: coords.accuracy }),
      () => resolve(undefined),
      { timeout: 8_000, maximumAge: 60_000 },
    )
  })
}
