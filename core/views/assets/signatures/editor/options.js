import { h, icon, t } from './dom.js'
import { addOption, removeOption, renameOption } from './fields.js'

/** The choices of a field: their words, one more, one less. */
export function optionList(field, panel, store, fixed) {
  const { id } = field
  const rows = (field.options ?? []).map((option, index) =>
    h(
      'div',
      { className: 'se-row' },
      h('input', {
        className: 'form-control k-auto',
        value: option,
        maxlength: 200,
        'aria-label': t('option', { number: index + 1 }),
        data: { name: `option-${index}` },
        on: {
          change: (event) => {
            const words = event.target.value.trim()
            // A choice without words, or twice the same, could not be told apart.
            const now = store.document.fields.find((one) => one.id === id)?.options ?? []
            if (words === '' || now.some((other, at) => at !== index && other === words)) event.target.value = now[index] ?? option
            else store.change(renameOption(store.document, id, index, words), { name: t('changed-step'), source: 'panel' })
          },
        },
      }),
      h(
        'button',
        {
          type: 'button',
          className: 'k-iconbutton',
          'aria-label': `${t('option-remove')}: ${option}`,
          title: t('option-remove'),
          disabled: field.options.length <= 2 || (fixed && field.type === 'radio'),
          on: { click: () => store.change(removeOption(store.document, id, index), { name: t('changed-step') }) },
        },
        icon('x'),
      ),
    ),
  )
  const addition = h(
    'button',
    {
      type: 'button',
      className: 'k-linkbutton',
      disabled: fixed && field.type === 'radio',
      on: {
        click: () => {
          let count = field.options.length + 1
          while (field.options.includes(t('option', { number: count }))) count += 1
          store.change(addOption(store.document, id, t('option', { number: count }), store.pages), { name: t('changed-step') })
          panel.querySelector(`[data-name="option-${field.options.length}"]`)?.select()
        },
      },
    },
    icon('plus'),
    t('add-option'),
  )
  return h(
    'fieldset',
    { className: 'se-property' },
    h('legend', { className: 'form-label', textContent: t('property.options') }),
    ...rows,
    addition,
  )
}
