import { post } from './call.js'
import { make } from './dom.js'
import { openInk, pictureOf } from './ink.js'

let count = 0

/** The control of one field with its label, help and fault: the same below a page and in the list. */
export function editorOf(store, field) {
  const { words } = store.page
  count += 1
  const id = `f${count}-${field.id}`
  const fault = make('p', { className: 's-fault', id: `${id}-fault`, role: 'alert', hidden: true })
  const help = field.help === '' ? undefined : make('p', { className: 's-help', id: `${id}-help` }, field.help)
  const described = [help?.id, fault.id].filter(Boolean).join(' ')
  const label = field.required ? field.label : `${field.label} (${words.optional})`
  const { parts, refresh } = control(store, field, { id, label, described })
  const root = make('div', { className: 's-field', 'data-field': field.id }, ...parts, help, fault)
  const show = () => {
    const text = store.faults.get(field.id)
    fault.textContent = text ?? ''
    fault.hidden = text === undefined
    for (const input of root.querySelectorAll('input,textarea,select')) {
      if (text === undefined) input.removeAttribute('aria-invalid')
      else input.setAttribute('aria-invalid', 'true')
    }
    refresh()
  }
  show()
  return { root, show }
}

function control(store, field, names) {
  if (field.type === 'signature' || field.type === 'initials') return inkControl(store, field, names)
  if (field.type === 'attachment') return fileControl(store, field, names)
  if (field.type === 'checkbox') return tick(store, field, names)
  if (field.type === 'radio') return radio(store, field, names)
  return typed(store, field, names)
}

/** Keyboards and what the browser knows already, by kind of field. */
const kinds = {
  name: { autocomplete: 'name' },
  email: { type: 'email', inputMode: 'email', autocomplete: 'email', dir: 'ltr' },
  phone: { type: 'tel', inputMode: 'tel', autocomplete: 'tel', dir: 'ltr' },
  company: { autocomplete: 'organization' },
  date: { type: 'date' },
  number: { inputMode: 'decimal', autocomplete: 'off', dir: 'ltr' },
}

function typed(store, field, { id, label, described }) {
  const { validation } = field
  const digits =
    validation.pattern !== undefined && validation.pattern !== 'letters' && validation.pattern !== 'url' && validation.pattern !== 'iban'
  const shape = {
    ...kinds[field.type],
    ...(digits ? { inputMode: 'numeric', dir: 'ltr' } : {}),
    ...(validation.pattern === 'url' ? { inputMode: 'url', dir: 'ltr' } : {}),
    ...(field.type === 'date' ? { min: validation.minimum ?? '', max: validation.maximum ?? '' } : {}),
    id,
    className: 's-input',
    required: field.required,
    disabled: field.readonly,
    placeholder: field.placeholder,
    'aria-describedby': described,
    ...(validation.maximumLength === undefined ? {} : { maxLength: validation.maximumLength }),
    dir: kinds[field.type]?.dir ?? (digits || validation.pattern === 'url' ? 'ltr' : 'auto'),
  }
  const input =
    field.type === 'select'
      ? make(
          'select',
          { id, className: 's-input', required: field.required, disabled: field.readonly, 'aria-describedby': described },
          make('option', { value: '' }, store.page.words['select.none']),
          ...field.options.map((option) => make('option', { value: option }, option)),
        )
      : field.type === 'multiline'
        ? make('textarea', { ...shape, rows: 4 })
        : make('input', { type: 'text', ...shape })
  input.addEventListener('input', () => store.set(field.id, input.value))
  input.addEventListener('change', () => store.set(field.id, input.value))
  return {
    parts: [make('label', { className: 's-label', for: id }, label), input],
    refresh: () => {
      if (document.activeElement !== input) input.value = store.values[field.id] ?? ''
    },
  }
}

function tick(store, field, { id, label, described }) {
  const input = make('input', {
    type: 'checkbox',
    id,
    disabled: field.readonly,
    'aria-describedby': described,
    'aria-required': String(field.required),
  })
  input.addEventListener('change', () => store.set(field.id, input.checked))
  return {
    parts: [make('label', { className: 's-tick', for: id }, input, make('span', {}, label))],
    refresh: () => {
      input.checked = store.values[field.id] === true
    },
  }
}

function radio(store, field, { id, label, described }) {
  const inputs = field.options.map((option) => {
    const input = make('input', { type: 'radio', name: id, value: option, disabled: field.readonly })
    input.addEventListener('change', () => store.set(field.id, option))
    return input
  })
  return {
    parts: [
      make(
        'fieldset',
        { 'aria-describedby': described },
        make('legend', { className: 's-label' }, label),
        ...inputs.map((input) => make('label', { className: 's-tick' }, input, make('span', {}, input.value))),
      ),
    ],
    refresh: () => {
      for (const input of inputs) input.checked = store.values[field.id] === input.value
    },
  }
}

function inkControl(store, field, { id, label, described }) {
  const { words } = store.page
  const shown = make('div')
  const button = make('button', { type: 'button', id, className: 's-button', 'aria-describedby': described })
  button.addEventListener('click', async () => {
    const given = await openInk(store, field.type === 'initials' ? 'initials' : 'signature')
    if (given !== undefined) store.set(field.id, { capture: given })
    button.focus()
  })
  return {
    parts: [make('p', { className: 's-label' }, label), shown, button],
    refresh: () => {
      const value = store.values[field.id]
      shown.replaceChildren(...(value === undefined ? [] : [pictureOf(store, value.capture, field.label)]))
      button.textContent = value === undefined ? words[`sign.${field.type}`] : words.redraw
    },
  }
}

function fileControl(store, field, { id, label, described }) {
  const { words } = store.page
  const input = make('input', {
    type: 'file',
    id,
    className: 's-input',
    accept: 'application/pdf,image/png,image/jpeg',
    'aria-describedby': described,
  })
  const state = make('p', { className: 's-help', role: 'status' })
  const remove = make('button', { type: 'button', className: 's-link' }, words['attachment.remove'])
  remove.addEventListener('click', () => {
    input.value = ''
    store.set(field.id, undefined)
  })
  input.addEventListener('change', async () => {
    const [file] = input.files
    if (file === undefined) return
    state.textContent = words.uploading
    try {
      const { attachment, name } = await post(`${store.page.path}/attachment`, { field: field.id }, { file })
      store.shown.set(attachment, { name })
      store.set(field.id, { attachment })
    } catch (error) {
      input.value = ''
      state.textContent = ''
      store.faults.set(field.id, error.message === '' ? words.failed : error.message)
      store.tell(field.id)
    }
  })
  return {
    parts: [make('label', { className: 's-label', for: id }, label), input, state, remove],
    refresh: () => {
      const value = store.values[field.id]
      remove.hidden = value === undefined
      if (value !== undefined) state.textContent = `${words['attachment.done']} ${store.shown.get(value.attachment)?.name ?? ''}`.trim()
      else if (state.textContent !== words.uploading || store.faults.has(field.id)) state.textContent = ''
    },
  }
}
