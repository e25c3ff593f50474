import { call, calmly, on } from './page.js'

/** An answer that is a file leaves the page where it is: after this time the form can be sent again. */
const stillMs = 8000

const form = document.getElementById('k-form')
if (form !== null) start(form)

function start(element) {
  const dirty = element.elements.namedItem('_dirty')
  let sending = false

  const touch = () => {
    element.setAttribute('data-dirty', '')
    dirty.value = '1'
  }
  element.addEventListener('input', (event) => {
    touch()
    if (event.target.matches('[data-recompute]')) recompute()
  })
  element.addEventListener('change', (event) => {
    touch()
    if (event.target.matches('[data-recompute]')) recompute()
  })
  element.addEventListener('khatm:changed', () => {
    touch()
    recompute()
  })
  element.addEventListener('submit', (event) => {
    // The second press of a double click is of the same wish.
    if (sending) {
      event.preventDefault()
      return
    }
    sending = true
    element.setAttribute('aria-busy', 'true')
    setTimeout(release, stillMs)
  })
  const release = () => {
    sending = false
    element.removeAttribute('aria-busy')
  }
  // Back from the next page, the form is as it was left, and can be sent again.
  addEventListener('pageshow', release)
  addEventListener('beforeunload', (event) => {
    if (element.hasAttribute('data-dirty') && !sending) event.preventDefault()
  })
  on('click', '[data-discard]', () => {
    sending = true
  })
  // Enter in a single field does not press the first workflow button: it saves.
  element.addEventListener('keydown', (event) => {
    if (
      event.key === 'Enter' &&
      event.target instanceof HTMLInputElement &&
      !event.defaultPrevented &&
      event.target.closest('table[data-lines]') === null
    ) {
      event.preventDefault()
      element.requestSubmit(element.querySelector('[data-save]') ?? undefined)
    }
    if (event.key.toLowerCase() === 's' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      element.requestSubmit(element.querySelector('[data-save]') ?? undefined)
    }
  })

  let asked = 0
  const recompute = calmly(async () => {
    if (element.dataset.compute === undefined) return
    const mine = ++asked
    const sent = new Map([...element.elements].map((input) => [input, stateOf(input)]))
    const query = new URL(element.action).search
    const answer = await call(element.dataset.compute + query, { method: 'POST', body: new URLSearchParams([...new FormData(element)]) })
    if (!answer.ok || mine !== asked) return
    const { fields, totals } = await answer.json()
    // Looked up once: a search of the page for each of three hundred lines' cells takes seconds.
    const places = { holders: byName('field'), outputs: byName('output'), inputs: new Map() }
    // Several controls of one name are choices: they keep their own values.
    for (const input of element.elements) places.inputs.set(input.name, places.inputs.has(input.name) ? undefined : input)
    for (const [name, field] of Object.entries(fields)) apply(name, field, sent, places)
    for (const [name, text] of Object.entries(totals)) {
      const total = element.querySelector(`[data-total="${CSS.escape(name)}"]`)
      if (total !== null) total.textContent = text
    }
  }, 200)

  // A new record shows the totals of its defaults at once, and is ready to be written.
  if (element.hasAttribute('data-new')) {
    recompute()
    if (document.activeElement === document.body) element.querySelector('.k-groups input:not([type=hidden], [type=checkbox])')?.focus()
  }

  function byName(kind) {
    return new Map([...element.querySelectorAll(`[data-${kind}]`)].map((place) => [place.dataset[kind], place]))
  }

  function apply(name, field, sent, { holders, outputs, inputs }) {
    const holder = holders.get(name)
    if (holder !== undefined && !holder.matches('td')) holder.hidden = field.hidden
    const output = outputs.get(name)
    if (output !== undefined) {
      const text = output.querySelector('bdi') ?? output
      text.textContent = field.text
      return
    }
    const input = inputs.get(name)
    if (input === undefined || !('value' in input)) return
    // What was typed since the question went out wins over the answer.
    const shown = input.closest('[data-combo]')?.querySelector('[role=combobox]') ?? input
    if (shown === document.activeElement || [input, shown].some((one) => sent.get(one) !== stateOf(one))) return
    // One of several choices carries its own value: the answer tells nothing of it.
    if (input.type === 'checkbox') input.checked = input.value === 'true' ? field.value === 'true' : input.checked
    else if (input.value !== field.value) {
      input.value = field.value
      if (shown !== input) shown.value = shown.dataset.chosen = field.label
    }
  }
}

/** What a person changes in a control: the value of a checkbox stays the same whether it is ticked or not. */
function stateOf(input) {
  return input.type === 'checkbox' || input.type === 'radio' ? String(input.checked) : input.value
}

// Tabs by arrow keys (ARIA tabs); an error inside one opens it.
function openTab(tab) {
  for (const other of tab.parentElement.querySelectorAll('[role=tab]')) {
    const on = other === tab
    other.setAttribute('aria-selected', String(on))
    other.tabIndex = on ? 0 : -1
    const panel = document.getElementById(other.getAttribute('aria-controls'))
    if (panel !== null) panel.hidden = !on
  }
}
on('click', '[role=tab]', (_event, tab) => openTab(tab))
on('keydown', '[role=tab]', (event, tab) => {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
  const tabs = [...tab.parentElement.querySelectorAll('[role=tab]')]
  const forward = (event.key === 'ArrowRight') === (document.dir !== 'rtl')
  const next = tabs[(tabs.indexOf(tab) + (forward ? 1 : -1) + tabs.length) % tabs.length]
  openTab(next)
  next.focus()
})
on('click', 'a[data-goto]', (event, link) => {
  const target = document.getElementById(link.hash.slice(1))
  if (target === null) return
  event.preventDefault()
  const panel = target.closest('[role=tabpanel]')
  if (panel !== null) openTab(document.getElementById(panel.getAttribute('aria-labelledby')))
  const control = target.matches('input, select, textarea')
    ? target
    : (target.querySelector('input:not([type=hidden]), select, textarea') ?? target)
  control.focus()
})
document.getElementById('k-faults')?.focus()
