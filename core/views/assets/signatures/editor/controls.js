import { freshId, h, t } from './dom.js'

/** Fields of a panel: a label, what is typed, a hint. `name` finds the words, and the field again after the panel was drawn anew. */

function labelled(name, input, hint) {
  const id = freshId(name)
  input.id = id
  input.dataset.name ??= name
  const hintId = `${id}-hint`
  if (hint !== undefined) input.setAttribute('aria-describedby', hintId)
  return h(
    'div',
    { className: 'se-property' },
    h('label', { for: id, className: 'form-label', textContent: t(`property.${name}`) }),
    input,
    hint === undefined ? undefined : h('p', { id: hintId, className: 'se-hint', textContent: hint }),
  )
}

export function text(name, value, work, { lines, ...attributes } = {}) {
  const input = h(lines === undefined ? 'input' : 'textarea', {
    className: 'form-control k-auto',
    value: value ?? '',
    rows: lines,
    ...attributes,
    on: { input: (event) => work(event.target.value) },
  })
  return labelled(name, input)
}

export function number(name, value, work, attributes = {}) {
  const input = h('input', {
    type: 'number',
    dir: 'ltr',
    className: 'form-control',
    value: value === undefined ? '' : String(value),
    ...attributes,
    on: {
      input: (event) => {
        const { value: typedText, validity } = event.target
        if (typedText === '') work(undefined)
        else if (validity.valid) work(Number(typedText))
      },
    },
  })
  return labelled(name, input)
}

export function check(name, value, work, hint) {
  const id = freshId(name)
  return h(
    'div',
    { className: 'se-property' },
    h(
      'label',
      { className: 'form-check', for: id },
      h('input', {
        id,
        type: 'checkbox',
        className: 'form-check-input',
        checked: value,
        data: { name },
        on: { change: (event) => work(event.target.checked) },
      }),
      h('span', { className: 'form-check-label', textContent: t(`property.${name}`) }),
    ),
    hint === undefined ? undefined : h('p', { className: 'se-hint', textContent: hint }),
  )
}

export function choice(name, value, options, work, given = {}) {
  const input = h(
    'select',
    { className: 'form-select', data: { name }, ...given, on: { change: (event) => work(event.target.value) } },
    ...options.map(([one, label]) => h('option', { value: one, selected: one === value, textContent: label })),
  )
  return labelled(name, input)
}

export function pair(...parts) {
  return h('div', { className: 'se-pair' }, ...parts)
}

/** Parts that fold away; what was opened stays open when the panel is drawn anew. */
export function folds() {
  const open = new Set()

  function fold(name, ...parts) {
    return h(
      'details',
      {
        className: 'se-fold',
        open: open.has(name),
        on: {
          toggle: (event) => {
            if (event.target.open) open.add(name)
            else open.delete(name)
          },
        },
      },
      h('summary', { textContent: t(name) }),
      ...parts.filter((part) => part !== undefined),
    )
  }

  return { fold, unfold: (name) => open.add(name) }
}
