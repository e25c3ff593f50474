import { content, element, option, place, setup, texts } from './page.js'

// Values and fields to insert where one was writing last.

let last

export function writingIn(field) {
  last = field
}

export function drawInserts() {
  const named = (field) => field.label[content.languages[0]] ?? Object.values(field.label)[0] ?? field.name
  const group = (words, options) => element('optgroup', { label: words }, options)
  place('merge').replaceChildren(
    option('', texts['insert-merge'], true),
    ...(content.mergeFields.length === 0
      ? []
      : [
          group(
            texts.own,
            content.mergeFields.map((field) => option(field.name, `${named(field)} · ${field.name}`)),
          ),
        ]),
    group(
      texts['built-in'],
      setup.builtIn.map((one) => option(one.name, one.label)),
    ),
  )
  place('field').replaceChildren(
    option('', texts['insert-field'], true),
    ...setup.roles.map((role) =>
      group(
        role.name,
        setup.fieldTypes.map((one) => option(`${one.type}:${role.id}`, one.label)),
      ),
    ),
  )
}

function insert(text, from, to) {
  const field = last?.isConnected === true ? last : place('clauses').querySelector('textarea')
  if (field === null || field === undefined) return
  const start = field.selectionStart ?? field.value.length
  field.setRangeText(text, start, field.selectionEnd ?? start, 'end')
  field.focus()
  if (from !== undefined) field.setSelectionRange(start + from, start + to)
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

place('merge').addEventListener('change', (event) => {
  const name = event.target.value
  event.target.value = ''
  if (name !== '') insert(`{{${name}}}`)
})
place('field').addEventListener('change', (event) => {
  const [type, role] = event.target.value.split(':')
  const words = event.target.selectedOptions[0].textContent
  event.target.value = ''
  if (role === undefined) return
  const all = JSON.stringify(content)
  let number = 1
  while (all.includes(`:${type}-${number}`)) number += 1
  const start = `[[${type}:${role}:${type}-${number}|`
  insert(`${start}${words}]]`, start.length, start.length + words.length)
})
