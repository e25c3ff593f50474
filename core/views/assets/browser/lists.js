import { call, on } from './page.js'

// A row opens its form; text can still be selected, and the row's own link takes the keyboard.
on('click', 'tr[data-href]', (event, row) => {
  if (event.target.closest('a, button, input, label, select') !== null || String(getSelection()) !== '') return
  const link = row.querySelector('.k-rowlink')
  if (event.ctrlKey || event.metaKey) window.open(link.href, '_blank', 'noopener')
  else link.click()
})

// The list a form was opened from keeps its search: the breadcrumb leads back to it.
if (document.querySelector('.k-searchbox') !== null) sessionStorage.setItem(`khatm.list.${location.pathname}`, location.search)
for (const crumb of document.querySelectorAll('a[data-crumb]')) {
  const kept = sessionStorage.getItem(`khatm.list.${crumb.pathname}`)
  if (kept !== null && crumb.search === '') crumb.search = kept
}

// An empty search is no facet.
on('submit', '.k-searchbox', (_event, form) => {
  const search = form.elements.namedItem('q')
  if (search.value.trim() === '') search.disabled = true
})

const bulk = document.getElementById('k-bulk')
if (bulk !== null) {
  const all = bulk.elements.namedItem('all')
  const count = bulk.querySelector('.k-bulk-count')
  const selectAll = bulk.querySelector('[data-select-all]')
  const ticks = () => [...document.querySelectorAll('input[name=ids]')]
  const show = () => {
    const chosen = ticks().filter((tick) => tick.checked).length
    bulk.hidden = chosen === 0
    const everything = all.value === '1'
    count.textContent = `${everything ? bulk.dataset.total : chosen} ${count.dataset.one}`
    selectAll.hidden = everything || chosen < ticks().length || chosen >= Number(bulk.dataset.total)
  }
  on('change', 'input[name=ids]', () => {
    all.value = ''
    show()
  })
  on('change', '[data-tick-all]', (_event, head) => {
    all.value = ''
    for (const tick of ticks()) tick.checked = head.checked
    show()
  })
  selectAll.addEventListener('click', () => {
    all.value = '1'
    show()
  })
}

// A folded group fetches its rows when it is opened the first time.
on('click', '.k-groupbutton', async (_event, button) => {
  const body = button.closest('tbody')
  const open = button.getAttribute('aria-expanded') !== 'true'
  button.setAttribute('aria-expanded', String(open))
  const rows = [...body.querySelectorAll('.k-row')]
  if (rows.length > 0 || !open) {
    for (const row of rows) row.hidden = !open
    return
  }
  const answer = await call(button.dataset.rows)
  if (!answer.ok) return
  // Our own server's markup, escaped by its templates.
  body.insertAdjacentHTML('beforeend', await answer.text())
})
