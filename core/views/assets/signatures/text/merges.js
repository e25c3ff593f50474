/** The list of merge fields: name, label in the leading language, type, required. */
export function mergeList({ list, button, content, texts, types, element, option, icon, changed }) {
  const draw = () => list.replaceChildren(...content.mergeFields.map(row))

  function row(field, index) {
    const [language] = content.languages
    const line = (words, value, path, direction, set) => {
      const input = element('input', {
        class: 'form-control',
        'aria-label': words,
        placeholder: words,
        dir: direction,
        'data-path': path,
        maxlength: '200',
      })
      input.value = value
      input.addEventListener('input', () => {
        set(input.value)
        changed()
      })
      return input
    }
    const type = element('select', { class: 'form-select', 'aria-label': texts['merge-type'] }, [
      ...types.map((one) => option(one.type, one.label, one.type === (field.type ?? 'text'))),
    ])
    type.addEventListener('change', () => {
      field.type = type.value
      changed()
    })
    const box = element('input', { class: 'form-check-input', type: 'checkbox' })
    box.checked = field.required !== false
    box.addEventListener('change', () => {
      field.required = box.checked
      changed()
    })
    const remove = element(
      'button',
      {
        type: 'button',
        class: 'k-iconbutton',
        'aria-label': `${texts['merge-delete']}: ${field.name}`,
        title: texts['merge-delete'],
        onclick: () => {
          content.mergeFields.splice(index, 1)
          draw()
          changed()
          button.focus()
        },
      },
      [icon('delete')],
    )
    return element('li', { class: 'te-mergerow' }, [
      line(texts['merge-name'], field.name, `content.mergeFields[${index}].name`, 'ltr', (value) => (field.name = value.trim())),
      line(
        texts['merge-label'],
        field.label?.[language] ?? '',
        `content.mergeFields[${index}].label`,
        'auto',
        (value) => (field.label = { ...field.label, [language]: value }),
      ),
      type,
      element('label', { class: 'form-check' }, [box, element('span', { class: 'form-check-label' }, [texts['merge-required']])]),
      remove,
    ])
  }

  button.addEventListener('click', () => {
    let number = content.mergeFields.length + 1
    while (content.mergeFields.some(({ name }) => name === `value${number}`)) number += 1
    content.mergeFields.push({ name: `value${number}`, label: {}, type: 'text', required: true })
    draw()
    list.lastElementChild.querySelector('input').focus()
    changed()
  })
  return { draw }
}
