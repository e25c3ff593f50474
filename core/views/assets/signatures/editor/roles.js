import { announce, freshId, h, icon, root, t } from './dom.js'
import { roleLook } from './boxes.js'
import { addRole, companyRole, removeRole, updateRole } from './fields.js'

/** Who fills and signs: the list that gives new fields their owner, and a dialog that says of each what he does, when, and how he proves himself. */

const methods = JSON.parse(root.dataset.methods)
const levels = ['simple', 'advanced', 'qualified']
const roleActions = ['sign', 'approve', 'copy']

export function showRoles(list, dialog, store, { fixed }) {
  function draw() {
    const held = list.contains(document.activeElement) ? document.activeElement.dataset.name : undefined
    const { roles, fields } = store.document
    if (store.role !== companyRole && !roles.some(({ id }) => id === store.role)) store.role = roles[0]?.id ?? companyRole
    const count = (id) => fields.filter((field) => field.role === id).length
    const turns = [...new Set(roles.map(({ group }) => group))].sort((one, other) => one - other)
    const row = (id, name, note, editable) =>
      h(
        'div',
        { className: 'se-role', data: { role: roleLook(store.document, id) } },
        h(
          'button',
          {
            type: 'button',
            className: 'se-rolebutton',
            'aria-pressed': String(store.role === id),
            data: { name: `role-${id}` },
            on: {
              click: () => {
                store.look({ role: id })
                draw()
              },
            },
          },
          h('span', { className: 'se-swatch', data: { role: roleLook(store.document, id) }, 'aria-hidden': 'true' }),
          h('span', { className: 'se-rolename' }, h('bdi', { textContent: name }), h('small', { textContent: note })),
          h('span', { className: 'se-count', textContent: String(count(id)), title: t('fields-count', { count: count(id) }) }),
        ),
        editable
          ? h(
              'button',
              {
                type: 'button',
                className: 'k-iconbutton',
                'aria-label': `${t('role.edit')}: ${name}`,
                title: t('role.edit'),
                data: { name: `edit-${id}` },
                on: { click: () => edit(id) },
              },
              icon('edit'),
            )
          : undefined,
      )
    const noteOf = (role) => {
      const action = t(`role.action.${role.action}`)
      return turns.length > 1 ? `${action} · ${t('role.turn', { turn: turns.indexOf(role.group) + 1 })}` : action
    }
    list.replaceChildren(
      ...roles.map((role) => row(role.id, role.name, noteOf(role), true)),
      row(companyRole, t('role.company'), t('role.company-hint'), false),
    )
    if (held !== undefined) list.querySelector(`[data-name="${CSS.escape(held)}"]`)?.focus()
  }

  function freeName() {
    const names = new Set(store.document.roles.map(({ name }) => name))
    for (let number = store.document.roles.length + 1; ; number++) {
      const name = t('role.name-new', { number })
      if (!names.has(name)) return name
    }
  }

  function add() {
    const { document: next, role } = addRole(store.document, freeName())
    store.change(next, { name: t('changed-step') })
    store.look({ role: role.id })
    draw()
    edit(role.id)
  }

  /** A dialog over one role; nothing is changed until it is confirmed. */
  function edit(id) {
    const role = store.document.roles.find((one) => one.id === id)
    if (role === undefined) return
    const own = store.document.fields.filter((field) => field.role === id)
    const form = h('form', { method: 'dialog', className: 'se-roleform' })
    const name = input('role.name', { className: 'form-control k-auto', value: role.name, maxlength: 100, required: true })
    const action = options(
      'role.action',
      roleActions.map((value) => [value, t(`role.action.${value}`)]),
      role.action,
    )
    const group = input(
      'role.group',
      { className: 'form-control', type: 'number', dir: 'ltr', min: 1, max: 100, step: 1, value: String(role.group), required: true },
      t('role.group-hint'),
    )
    const level = levelChoice(role.level)
    const proofs = proofChoice(role.authentication)
    const delegate = tick('role.canDelegate', role.canDelegate)
    const person = tick('role.inPerson', role.inPerson)
    const problem = h('p', { className: 'se-problem', role: 'alert', hidden: true })
    form.append(
      h('h2', { className: 'k-dialog-title', id: 'se-role-title', textContent: role.name }),
      name.whole,
      h('div', { className: 'se-pair' }, action.whole, group.whole),
      level.whole,
      proofs.whole,
      delegate.whole,
      person.whole,
      problem,
      h(
        'div',
        { className: 'k-dialog-foot' },
        h('button', { type: 'submit', className: 'btn btn-primary', value: 'save', textContent: t('role.save') }),
        h('button', { type: 'button', className: 'btn', textContent: t('role.cancel'), on: { click: () => dialog.close() } }),
        fixed || store.document.roles.length < 2
          ? undefined
          : h(
              'button',
              { type: 'button', className: 'btn se-danger se-far', on: { click: () => askRemoval(role, own) } },
              icon('trash'),
              t('role.delete'),
            ),
      ),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const wanted = {
        name: name.input.value.trim(),
        action: action.input.value,
        group: Number(group.input.value),
        level: level.value(),
        authentication: proofs.value(),
        canDelegate: delegate.input.checked,
        inPerson: person.input.checked,
      }
      const fault = objection(wanted, id, own)
      problem.hidden = fault === undefined
      problem.textContent = fault ?? ''
      if (fault !== undefined) return
      store.change(updateRole(store.document, id, wanted), { name: t('changed-step') })
      dialog.close()
    })
    open(form)
    name.input.select()
  }

  function objection({ name, action, authentication }, id, own) {
    if (name === '') return t('role.fault.name')
    if (store.document.roles.some((other) => other.id !== id && other.name === name)) return t('role.fault.name-twice')
    if (action === 'copy' && own.length > 0) return t('role.fault.copy', { count: own.length })
    if (action === 'approve' && own.some(({ type }) => type === 'signature')) return t('role.fault.approve')
    if (action !== 'copy' && authentication.length === 0) return t('role.fault.proof')
    return undefined
  }

  function askRemoval(role, own) {
    const heirs = store.document.roles.filter((other) => other.id !== role.id && other.action !== 'copy')
    const done = (heir) => {
      const { document: next } = removeRole(store.document, role.id, heir)
      store.change(next, { name: t('changed-step') })
      dialog.close()
      announce(t('role.deleted', { name: role.name }))
    }
    if (own.length === 0) {
      done(undefined)
      return
    }
    const choice = options(
      'role.delete-fields',
      [...heirs.map((heir) => [heir.id, t('role.delete-heir', { name: heir.name })]), ['', t('role.delete-with', { count: own.length })]],
      heirs[0]?.id ?? '',
    )
    open(
      h(
        'div',
        {},
        h('h2', { className: 'k-dialog-title', id: 'se-role-title', textContent: `${t('role.delete')}: ${role.name}` }),
        choice.whole,
        h(
          'div',
          { className: 'k-dialog-foot' },
          h('button', {
            type: 'button',
            className: 'btn btn-danger',
            textContent: t('role.delete'),
            on: { click: () => done(choice.input.value === '' ? undefined : choice.input.value) },
          }),
          h('button', { type: 'button', className: 'btn', textContent: t('role.cancel'), on: { click: () => dialog.close() } }),
        ),
      ),
    )
  }

  function open(content) {
    dialog.replaceChildren(content)
    if (!dialog.open) dialog.showModal()
  }

  function input(label, attributes, hint) {
    const id = freshId('role')
    const field = h('input', { id, ...attributes, ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }) })
    return {
      input: field,
      whole: h(
        'div',
        { className: 'se-property' },
        h('label', { className: 'form-label', for: id, textContent: t(label) }),
        field,
        hint === undefined ? undefined : h('p', { id: `${id}-hint`, className: 'se-hint', textContent: hint }),
      ),
    }
  }

  function options(label, values, chosen) {
    const id = freshId('role')
    const field = h(
      'select',
      { id, className: 'form-select' },
      ...values.map(([value, text]) => h('option', { value, selected: value === chosen, textContent: text })),
    )
    return {
      input: field,
      whole: h('div', { className: 'se-property' }, h('label', { className: 'form-label', for: id, textContent: t(label) }), field),
    }
  }

  function tick(label, checked) {
    const id = freshId('role')
    const field = h('input', { id, type: 'checkbox', className: 'form-check-input', checked })
    return {
      input: field,
      whole: h('label', { className: 'form-check', for: id }, field, h('span', { className: 'form-check-label', textContent: t(label) })),
    }
  }

  function levelChoice(chosen) {
    const whole = h('fieldset', { className: 'se-property' }, h('legend', { className: 'form-label', textContent: t('role.level') }))
    for (const level of levels) {
      const id = freshId('level')
      whole.append(
        h(
          'label',
          { className: 'form-check', for: id },
          h('input', { id, type: 'radio', name: 'level', value: level, className: 'form-check-input', checked: level === chosen }),
          h(
            'span',
            { className: 'form-check-label' },
            t(`role.level.${level}`),
            h('small', { className: 'se-hint', textContent: t(`role.level.${level}-hint`) }),
          ),
        ),
      )
    }
    return { whole, value: () => whole.querySelector('input:checked')?.value ?? 'simple' }
  }

  function proofChoice(chosen) {
    const whole = h(
      'fieldset',
      { className: 'se-property' },
      h('legend', { className: 'form-label', textContent: t('role.authentication') }),
      h('p', { className: 'se-hint', textContent: t('role.authentication-hint') }),
    )
    // A method that no module brings any more stays as it was said: it is never dropped in silence.
    const known = [...methods, ...chosen.filter((name) => !methods.some((one) => one.name === name)).map((name) => ({ name, title: name }))]
    for (const { name, title } of known) {
      const id = freshId('proof')
      whole.append(
        h(
          'label',
          { className: 'form-check', for: id },
          h('input', { id, type: 'checkbox', value: name, className: 'form-check-input', checked: chosen.includes(name) }),
          h('span', { className: 'form-check-label', textContent: title }),
        ),
      )
    }
    return { whole, value: () => [...whole.querySelectorAll('input:checked')].map((one) => one.value) }
  }

  store.on('document', draw)
  draw()
  return { add, edit }
}
