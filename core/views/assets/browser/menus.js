import { on } from './page.js'

// One menu open at a time; a click elsewhere or Escape closes it and gives the focus back.
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.k-menu[open]')) if (!menu.contains(event.target)) menu.open = false
})
document.addEventListener('keydown', (event) => {
  const menu = event.target instanceof Element ? event.target.closest('details.k-menu[open]') : null
  if (menu === null) return
  if (event.key === 'Escape') {
    menu.open = false
    menu.querySelector('summary')?.focus()
    event.stopPropagation()
    return
  }
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const items = [...menu.querySelectorAll('.k-pop a, .k-pop button')]
  if (items.length === 0 || event.target instanceof HTMLInputElement) return
  event.preventDefault()
  const at = items.indexOf(document.activeElement)
  items[(at + (event.key === 'ArrowDown' ? 1 : items.length - 1) + (at === -1 && event.key === 'ArrowUp' ? 1 : 0)) % items.length].focus()
})

on('click', '[data-dismiss]', (_event, button) => button.closest('.k-notice')?.remove())

// On a narrow screen the side menu is a sheet.
on('click', '[data-sheet]', (_event, button) => {
  const sheet = document.getElementById(button.dataset.sheet)
  const open = sheet?.classList.toggle('k-open') ?? false
  button.setAttribute('aria-expanded', String(open))
  if (open) sheet.querySelector('a')?.focus()
})
document.addEventListener('keydown', (event) => {
  const sheet = document.querySelector('.k-side.k-open')
  if (event.key !== 'Escape' || sheet === null) return
  sheet.classList.remove('k-open')
  const button = document.querySelector('[data-sheet]')
  button?.setAttribute('aria-expanded', 'false')
  button?.focus()
})

on('click', '[data-theme-switch]', () => {
  const dark = document.documentElement.getAttribute('data-bs-theme') === 'dark'
  sessionStorage.setItem('khatm.theme', dark ? 'light' : 'dark')
  document.documentElement.setAttribute('data-bs-theme', dark ? 'light' : 'dark')
})

// First set-up: a country brings its currency.
on('change', '[data-setup-country]', (_event, select) => {
  const { currency } = select.selectedOptions[0]?.dataset ?? {}
  const field = document.getElementById('currency')
  if (field !== null && currency !== undefined) field.value = currency
})
