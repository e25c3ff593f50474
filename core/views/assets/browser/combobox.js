import { call, calmly, pointerUp } from './page.js'
import { makeRecord } from './quick-create.js'

/** Searches records on the server while one types (ARIA combobox with a list). Works for rows added later too. */
let number = 0
/** The search that counts: an answer that comes after the next one, or after a list was closed or something chosen, shows nothing. */
let last = 0

const search = searching((combo, input) => ({ address: combo.dataset.combo, text: input.value }))

/** Searches on the server, a moment after the last key, what `wanted` reads from the field; nothing when it answers undefined. */
export function searching(wanted) {
  const soon = calmly(async (holder, input, mine) => {
    if (mine !== last) return
    const question = wanted(holder, input)
    if (question === undefined) {
      close(holder, input)
      return
    }
    const url = new URL(question.address, location.href)
    url.searchParams.set('q', question.text)
    const answer = await call(url)
    if (!answer.ok) return
    const { records } = await answer.json()
    await pointerUp()
    if (mine === last && document.activeElement === input) show(holder, input, records)
  }, 140)
  return (holder, input) => soon(holder, input, ++last)
}

export function listOf(combo) {
  return combo.querySelector('.k-combo-list')
}

function show(combo, input, records) {
  close(combo, input)
  const list = document.createElement('div')
  list.className = 'k-combo-list'
  list.role = 'listbox'
  list.id = `k-combo-${++number}`
  for (const [index, record] of records.entries()) {
    const option = document.createElement('div')
    option.className = 'k-pop-item'
    option.role = 'option'
    option.id = `${list.id}-${index}`
    option.dataset.id = record.id
    option.dataset.code = record.code ?? ''
    option.setAttribute('aria-selected', String(index === 0))
    const name = document.createElement('bdi')
    name.textContent = record.label
    option.append(name)
    list.append(option)
  }
  if (records.length === 0) {
    const none = document.createElement('p')
    none.className = 'k-muted'
    none.textContent = input.dataset.none
    list.append(none)
  }
  if (combo.dataset.create !== undefined) list.append(createOption(combo, input, list, records))
  combo.append(list)
  // In a table that scrolls sideways the list would be cut off: it is laid over the page.
  list.style.position = 'fixed'
  place(list, input)
  input.setAttribute('aria-expanded', 'true')
  input.setAttribute('aria-controls', list.id)
  const first = list.querySelector('[aria-selected=true]')
  if (first !== null) input.setAttribute('aria-activedescendant', first.id)
}

/** The last offer: to make what is not there. It is the first choice when nothing was found for what was typed. */
function createOption(combo, input, list, records) {
  const typed = input.value.trim()
  const option = document.createElement('div')
  option.className = 'k-pop-item k-combo-create'
  option.role = 'option'
  option.id = `${list.id}-create`
  option.dataset.make = typed === input.dataset.chosen ? '' : typed
  option.setAttribute('aria-selected', String(records.length === 0 && option.dataset.make !== ''))
  const [before, after] = combo.dataset.createLabel.split('…')
  const name = document.createElement('bdi')
  name.textContent = option.dataset.make
  const words = document.createElement('span')
  if (option.dataset.make === '') words.append(combo.dataset.createNew)
  else words.append(before, name, after)
  option.append(words)
  return option
}

/** Takes an offered record, or makes the one that is not there. */
function take(combo, input, option) {
  if (option.dataset.make === undefined) {
    choose(combo, input, option.dataset.id, option.textContent)
    return
  }
  const { make } = option.dataset
  close(combo, input)
  void makeRecord(combo.dataset.create, make).then((record) => {
    if (record !== undefined) choose(combo, input, record.id, record.label)
  })
}

function place(list, input) {
  const box = input.getBoundingClientRect()
  const width = Math.max(box.width, 220)
  list.style.width = `${width}px`
  list.style.top = `${box.bottom + 2}px`
  list.style.left = `${Math.max(0, Math.min(box.left, document.documentElement.clientWidth - width))}px`
}

/** Arrows go through the open list or open it, Enter takes, Escape closes; other keys are left to the page. */
export function walkList(event, holder, input, search, choose) {
  const options = [...(listOf(holder)?.querySelectorAll('[role=option]') ?? [])]
  const at = options.findIndex((option) => option.getAttribute('aria-selected') === 'true')
  if (event.key === 'ArrowDown' && listOf(holder) === null) search(holder, input)
  if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && options.length > 0) {
    const next = options[(at + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length]
    options[at]?.setAttribute('aria-selected', 'false')
    next.setAttribute('aria-selected', 'true')
    next.scrollIntoView({ block: 'nearest' })
    input.setAttribute('aria-activedescendant', next.id)
  } else if (event.key === 'Enter' && options[at] !== undefined) {
    choose(options[at])
  } else if (event.key === 'Escape' && listOf(holder) !== null) {
    close(holder, input)
  } else return
  event.preventDefault()
  event.stopImmediatePropagation()
}

export function close(combo, input) {
  last += 1
  listOf(combo)?.remove()
  input.setAttribute('aria-expanded', 'false')
  input.removeAttribute('aria-controls')
  input.removeAttribute('aria-activedescendant')
}

function choose(combo, input, id, label) {
  const hidden = combo.querySelector('input[type=hidden]')
  input.value = label
  input.dataset.chosen = label
  if (hidden.value !== id) {
    hidden.value = id
    hidden.dispatchEvent(new Event('change', { bubbles: true }))
  }
  close(combo, input)
}

function comboOf(event) {
  const input = event.target
  const combo = input instanceof HTMLInputElement && input.role === 'combobox' ? input.closest('[data-combo]') : null
  return combo === null ? undefined : { combo, input }
}

document.addEventListener('focusin', (event) => {
  const found = comboOf(event)
  if (found !== undefined) found.input.dataset.chosen ??= found.input.value
})
document.addEventListener('input', (event) => {
  const found = comboOf(event)
  if (found !== undefined) search(found.combo, found.input)
})
document.addEventListener('click', (event) => {
  const found = comboOf(event)
  if (found !== undefined && listOf(found.combo) === null) search(found.combo, found.input)
  const option = event.target instanceof Element ? event.target.closest('.k-combo-list [role=option]') : null
  if (option === null) return
  const combo = option.closest('[data-combo]')
  if (combo === null) return
  take(combo, combo.querySelector('[role=combobox]'), option)
})
document.addEventListener('mousedown', (event) => {
  // The input keeps the focus while an option is clicked.
  if (event.target instanceof Element && event.target.closest('.k-combo-list') !== null) event.preventDefault()
})
document.addEventListener(
  'keydown',
  (event) => {
    const found = comboOf(event)
    if (found === undefined) return
    const { combo, input } = found
    walkList(event, combo, input, search, (option) => take(combo, input, option))
  },
  true,
)
document.addEventListener('focusout', (event) => {
  const found = comboOf(event)
  if (found === undefined) return
  const { combo, input } = found
  // Text that was emptied clears the relation; text that chose nothing goes back to what was chosen.
  if (input.value.trim() === '') choose(combo, input, '', '')
  // A free text may name somebody who is no record.
  else if ('free' in input.dataset) close(combo, input)
  else {
    input.value = input.dataset.chosen ?? input.value
    close(combo, input)
  }
})
// A list goes where its field goes: a page that is scrolled by the keyboard of a phone must not take it away.
addEventListener(
  'scroll',
  () => {
    for (const list of document.querySelectorAll('.k-combo-list')) {
      const input = list.parentElement.querySelector('[role=combobox]')
      const box = input.getBoundingClientRect()
      if (box.bottom < 0 || box.top > innerHeight) close(list.parentElement, input)
      else place(list, input)
    }
  },
  { capture: true, passive: true },
)
