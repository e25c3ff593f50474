import { h, icon, t } from './dom.js'
import { roleLook, roleName } from './boxes.js'
import { edges } from './arrange.js'
import { conditionEditor } from './conditions.js'
import { check, choice, folds, number, pair, text } from './controls.js'
import { companyRole, setRole } from './fields.js'
import { toPoints } from './geometry.js'
import { limits } from './limits.js'
import { optionList } from './options.js'

/** What can be said of the chosen field, or of several at once. */

const links = ['name', 'nameAr', 'email', 'phone', 'company', 'address', 'city', 'country', 'nationalId', 'vat']
const typed = new Set(['name', 'email', 'phone', 'company', 'text', 'multiline', 'number'])
/** What the host keeps for a date that is the day of signing. */
const signingDay = 'today'
const written = new Set([...typed, 'date', 'select'])

export function showProperties(panel, store, actions, { fixed, direction, focusBox }) {
  const { fold, unfold } = folds()
  const conditionList = conditionEditor(store, direction, { fold, unfold })

  function draw() {
    const active = globalThis.document.activeElement
    const held = panel.contains(active) ? active.dataset.name : undefined
    const chosen = store.chosen()
    const fields = [...new Set(chosen.map(({ field }) => field))]
    if (fields.length === 0) panel.replaceChildren(h('p', { className: 'se-empty' }, t('nothing-chosen')))
    else if (fields.length === 1) panel.replaceChildren(...one(fields[0], chosen))
    else panel.replaceChildren(...several(fields, chosen))
    if (held !== undefined) panel.querySelector(`[data-name="${CSS.escape(held)}"]`)?.focus({ preventScroll: true })
  }

  function head(title, badge, note) {
    return h(
      'div',
      { className: 'se-paneltitle' },
      h('h2', { textContent: title }),
      badge,
      note === undefined ? undefined : h('p', { className: 'se-hint', textContent: note }),
    )
  }

  function swatch(id) {
    return h(
      'span',
      { className: 'se-owner' },
      h('span', { className: 'se-swatch', data: { role: roleLook(store.document, id) }, 'aria-hidden': 'true' }),
      h('bdi', { textContent: roleName(store.document, id) }),
    )
  }

  function several(fields, chosen) {
    const ids = fields.map(({ id }) => id)
    const all = (read) => (fields.every((field) => read(field) === read(fields[0])) ? read(fields[0]) : undefined)
    return [
      head(t('selected-many', { count: chosen.length })),
      fixed ? undefined : arrangement(chosen.length),
      fixed ? undefined : ownerChoice(ids, all((field) => field.role) ?? '', false),
      check('required', all((field) => field.required) ?? false, (value) => actions.update(ids, { required: value })),
      fixed ? undefined : buttons(false),
    ].filter((part) => part !== undefined)
  }

  function arrangement(count) {
    const button = (name, work, off = false) =>
      h(
        'button',
        { type: 'button', className: 'k-iconbutton', 'aria-label': t(name), title: t(name), disabled: off, on: { click: work } },
        icon(name.replace('.', '-')),
      )
    return h(
      'div',
      { className: 'se-arrange', role: 'group', dir: 'ltr' },
      ...edges.map((edge) => button(`align.${edge}`, () => actions.align(edge))),
      button('distribute.x', () => actions.distribute('x'), count < 3),
      button('distribute.y', () => actions.distribute('y'), count < 3),
      button('same-size', () => actions.sameSize()),
    )
  }

  function buttons(single) {
    const button = (name, label, work, className = 'btn btn-sm') =>
      h('button', { type: 'button', className, on: { click: work } }, icon(name), h('span', { textContent: t(label) }))
    return h(
      'div',
      { className: 'se-buttons' },
      button('copy', 'duplicate', () => actions.duplicate()),
      single && store.pages.length > 1 ? button('copy-pages', 'copy-to-pages', () => actions.copyToAllPages()) : undefined,
      button('trash', 'delete', () => actions.remove(), 'btn btn-sm se-danger'),
    )
  }

  function one(field, chosen) {
    const { id, type } = field
    const area = chosen[0].area
    const set = (member, key) => (value) => actions.update([id], { [member]: value }, key ?? `${member} ${id}`)
    const inValidation = (member) => (value) =>
      actions.update([id], (now) => ({ validation: without({ ...now.validation, [member]: value }) }), `validation ${member} ${id}`)
    const inStyle = (member) => (value) =>
      actions.update([id], (now) => ({ style: without({ ...now.style, [member]: value }) }), `style ${member} ${id}`)
    const sealed = type === 'stamp'
    const drawnByHand = type === 'signature' || type === 'initials'
    return [
      head(
        t(`type.${type}`),
        swatch(field.role),
        field.areas.length > 1 && type !== 'radio' ? t('field-name', { count: field.areas.length }) : undefined,
      ),
      fixed || sealed ? undefined : ownerChoice([id], field.role, drawnByHand || type === 'attachment'),
      text('label', field.label, set('label'), { maxlength: 200, placeholder: t(`type.${type}`) }),
      sealed || field.role === companyRole ? undefined : text('help', field.help, set('help'), { maxlength: 500, lines: 2 }),
      typed.has(type) ? text('placeholder', field.placeholder, set('placeholder'), { maxlength: 200 }) : undefined,
      sealed ? undefined : check('required', field.required, set('required')),
      sealed || drawnByHand || type === 'attachment'
        ? undefined
        : check('readonly', field.readonly, set('readonly'), t('property.readonly-hint')),
      type === 'radio' || type === 'select' ? optionList(field, panel, store, fixed) : undefined,
      ...[defaultValue(field, (value) => actions.update([id], { defaultValue: value === '' ? undefined : value }, `default ${id}`))].flat(),
      typed.has(type) || type === 'date'
        ? choice(
            'contactLink',
            field.contactLink ?? '',
            [['', t('link.none')], ...links.map((link) => [link, t(`link.${link}`)])],
            (value) => actions.update([id], { contactLink: value === '' ? undefined : value }),
          )
        : undefined,
      limits(field, inValidation, fold),
      sealed ? undefined : conditionList(field),
      written.has(type)
        ? fold(
            'property.style',
            choice(
              'align',
              field.style.align,
              ['start', 'center', 'end'].map((value) => [value, t(`property.align.${value}`)]),
              inStyle('align'),
            ),
            number('fontSize', field.style.fontSize, inStyle('fontSize'), { min: 4, max: 72, step: 0.5, placeholder: t('font-size.auto') }),
          )
        : undefined,
      fixed || chosen.length !== 1 ? undefined : position(chosen[0], area),
      fixed ? undefined : buttons(type !== 'attachment' && type !== 'radio'),
    ].filter((part) => part !== undefined)
  }

  function without(members) {
    return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ''))
  }

  function ownerChoice(ids, value, personal) {
    const roles = store.document.roles.filter(({ action }) => action !== 'copy').map((role) => [role.id, role.name])
    if (!personal) roles.push([companyRole, t('role.company')])
    if (value === '') roles.unshift(['', '–'])
    return choice('role', value, roles, (role) => {
      if (role !== '') store.change(setRole(store.document, ids, role), { name: t('changed-step') })
    })
  }

  function defaultValue(field, work) {
    const { type } = field
    if (type === 'checkbox') return check('checked', field.defaultValue === 'true', (value) => work(value ? 'true' : ''))
    if (type === 'radio' || type === 'select')
      return choice('defaultValue', field.defaultValue ?? '', [['', '–'], ...(field.options ?? []).map((option) => [option, option])], work)
    if (type === 'date') return dateDefault(field, work)
    if (type === 'multiline') return text('defaultValue', field.defaultValue, work, { lines: 3, maxlength: 5000 })
    if (typed.has(type))
      return text('defaultValue', field.defaultValue, work, { maxlength: 5000, inputmode: type === 'number' ? 'decimal' : undefined })
    return undefined
  }

  /** Nothing, the day of signing (of sending, where the sender fills it), or one day. */
  function dateDefault(field, work) {
    const day = field.defaultValue ?? ''
    const kind = day === signingDay ? signingDay : day === '' ? '' : 'day'
    const own = field.role === companyRole ? 'property.day-of-sending' : 'property.day-of-signing'
    return [
      choice(
        'defaultKind',
        kind,
        [
          ['', '–'],
          [signingDay, t(own)],
          ['day', t('property.fixed-day')],
        ],
        (value) => {
          const at = value === 'day' ? new Date().toLocaleDateString('sv-SE') : value
          // The day of signing is nobody's to change, unless the box is unticked afterwards.
          actions.update([field.id], { defaultValue: at === '' ? undefined : at, ...(at === signingDay ? { readonly: true } : {}) })
        },
      ),
      kind === 'day' ? text('defaultValue', day, work, { type: 'date' }) : undefined,
    ]
  }

  /** Place and size in points, for who wants them exact. */
  function position(place, area) {
    const rect = toPoints(area, store.pages[area.page - 1])
    const input = (name, member) =>
      number(name, Math.round(rect[member] * 10) / 10, (value) => value !== undefined && actions.setRect(place.key, { [member]: value }), {
        min: 0,
        max: 5000,
        step: 0.5,
      })
    return fold('property.position', pair(input('left', 'x'), input('top', 'y')), pair(input('width', 'width'), input('height', 'height')))
  }

  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') focusBox()
  })
  store.on('selection', draw)
  store.on('document', ({ source }) => {
    // What is being typed is in the panel already.
    if (source !== 'panel') draw()
  })
  draw()
  return { draw }
}
