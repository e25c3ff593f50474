import { on } from './page.js'

/** Rows of an editable table: Enter in the last row adds one, Tab moves on by itself, Ctrl-Delete or the button drops one. */
let added = 0

function addLine(name, focus = true) {
  const template = document.querySelector(`template[data-line-template="${CSS.escape(name)}"]`)
  const body = document.querySelector(`table[data-lines="${CSS.escape(name)}"] tbody`)
  if (template === null || body === null) return
  const holder = document.createElement('tbody')
  const key = `n${Date.now().toString(36)}${++added}`
  // Our own markup, with the key of the new row in every name and id.
  holder.innerHTML = template.innerHTML.replaceAll('__key__', key)
  const row = holder.firstElementChild
  body.append(row)
  if (focus) row.querySelector('input:not([type=hidden]), select, textarea')?.focus()
}

function dropLine(row) {
  const form = row.closest('form')
  const beside = row.nextElementSibling ?? row.previousElementSibling
  const name = row.closest('table').dataset.lines
  row.remove()
  const next =
    beside?.querySelector('input:not([type=hidden]), select, textarea') ?? document.querySelector(`[data-add-line="${CSS.escape(name)}"]`)
  next?.focus()
  form?.dispatchEvent(new CustomEvent('khatm:changed', { bubbles: true }))
}

on('click', '[data-add-line]', (_event, button) => addLine(button.dataset.addLine))
on('click', '[data-fold-lines]', (_event, button) => {
  const folded = document.getElementById(button.dataset.foldLines).classList.toggle('k-lines-folded')
  button.setAttribute('aria-expanded', String(!folded))
})
on('click', '[data-drop-line]', (_event, button) => dropLine(button.closest('tr')))
document.addEventListener('keydown', (event) => {
  const row = event.target instanceof Element ? event.target.closest('table[data-lines] tbody tr') : null
  if (row === null || !(event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement)) return
  if (event.key === 'Enter' && !event.isComposing) {
    event.preventDefault()
    if (row.nextElementSibling === null) addLine(row.closest('table').dataset.lines)
    else row.nextElementSibling.querySelector('input:not([type=hidden]), select')?.focus()
  }
  if (event.key === 'Delete' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    dropLine(row)
  }
})
// A form that has not a single row yet offers the first.
for (const table of document.querySelectorAll('table[data-lines]')) {
  if (table.tBodies[0].rows.length === 0 && document.querySelector('#k-form[data-new]') !== null) {
    addLine(table.dataset.lines, false)
  }
}
