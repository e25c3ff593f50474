import { close, listOf, searching, walkList } from './combobox.js'

/** A field of codes with values (`W002 1%; ST02 60`): the code at the caret is searched on the server while one types it. */
const separator = /[;،,؛\n]/

/** Where the entry at the caret begins and ends. */
function entryAt(input) {
  const caret = input.selectionStart ?? input.value.length
  let start = caret
  while (start > 0 && !separator.test(input.value[start - 1])) start -= 1
  let end = caret
  while (end < input.value.length && !separator.test(input.value[end])) end += 1
  return { start, end, text: input.value.slice(start, end).trim() }
}

const search = searching((holder, input) => {
  const { text } = entryAt(input)
  // A code with its value is finished.
  return /\s[\d.,%٪]+$/.test(text) ? undefined : { address: holder.dataset.codes, text }
})

function choose(holder, input, code) {
  const { start, end } = entryAt(input)
  const before = input.value.slice(0, start)
  const typed = `${before === '' || before.endsWith(' ') ? '' : ' '}${code} `
  input.value = before + typed + input.value.slice(end)
  input.setSelectionRange(start + typed.length, start + typed.length)
  close(holder, input)
  input.focus()
  input.dispatchEvent(new Event('input', { bubbles: true, cancelable: true }))
}

function holderOf(event) {
  const input = event.target
  const holder = input instanceof HTMLInputElement ? input.closest('[data-codes]') : null
  return holder === null ? undefined : { holder, input }
}

document.addEventListener('input', (event) => {
  const found = holderOf(event)
  if (found !== undefined) search(found.holder, found.input)
})
document.addEventListener('click', (event) => {
  const found = holderOf(event)
  if (found !== undefined && listOf(found.holder) === null) search(found.holder, found.input)
  const option = event.target instanceof Element ? event.target.closest('[data-codes] [role=option]') : null
  if (option === null) return
  const holder = option.closest('[data-codes]')
  choose(holder, holder.querySelector('[role=combobox]'), option.dataset.code)
})
document.addEventListener('focusout', (event) => {
  const found = holderOf(event)
  if (found !== undefined) close(found.holder, found.input)
})
document.addEventListener(
  'keydown',
  (event) => {
    const found = holderOf(event)
    if (found === undefined) return
    const { holder, input } = found
    walkList(event, holder, input, search, (option) => choose(holder, input, option.dataset.code))
  },
  true,
)
