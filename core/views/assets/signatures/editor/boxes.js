import { icon, root, t, h } from './dom.js'
import { companyRole, placesOf } from './fields.js'
import { handles, readingOrder, toPoints } from './geometry.js'

/** The fields as boxes on the sheets: buttons in reading order, with full names for who does not see them. */

const iconOf = JSON.parse(root.dataset.icons)

/** Colour and pattern of a role by its place in the list; eight of them, then again from the first. */
export function roleLook(document, id) {
  if (id === companyRole) return 'company'
  const index = document.roles.findIndex((role) => role.id === id)
  return index < 0 ? 'lost' : String(index % 8)
}

export function roleName(document, id) {
  if (id === companyRole) return t('role.company')
  return document.roles.find((role) => role.id === id)?.name ?? id
}

/** How a field is called: its label, else its kind. */
export function fieldName(field) {
  return field.label === '' ? t(`type.${field.type}`) : field.label
}

/** `Signature, Employee, page 2 of 3, 14 % from the left, 80 % from the top, 180 × 48 points, required`. */
export function spoken(document, place, pages) {
  const { field, area } = place
  const rect = toPoints(area, pages[area.page - 1])
  return t('spoken', {
    name: field.label === '' ? t(`type.${field.type}`) : `${field.label} (${t(`type.${field.type}`)})`,
    option: area.option === undefined ? '' : ` – ${area.option}`,
    role: roleName(document, field.role),
    page: area.page,
    pages: pages.length,
    left: Math.round(area.x * 100),
    top: Math.round(area.y * 100),
    width: Math.round(rect.width),
    height: Math.round(rect.height),
    required: t(field.required ? 'spoken.required' : 'spoken.optional'),
  })
}

export function showBoxes(store, view, { fixed, direction }) {
  const boxes = new Map()
  let findings = new Map()

  function make(key) {
    const face = h('span', { className: 'se-face', dir: 'auto' })
    const box = h('div', { className: 'se-box', role: 'button', tabindex: '0', data: { key } }, face)
    if (!fixed) for (const handle of handles) box.append(h('span', { className: 'se-handle', data: { handle }, 'aria-hidden': 'true' }))
    return { box, face, field: undefined, area: undefined, document: undefined }
  }

  function paint(shown, place) {
    const { box, face } = shown
    const { field, area } = place
    stand(box, area)
    box.dataset.type = field.type
    box.dataset.role = roleLook(store.document, field.role)
    box.classList.toggle('se-optional', !field.required)
    box.classList.toggle('se-conditional', field.conditions.length > 0)
    const words = area.option ?? fieldName(field)
    face.replaceChildren(icon(iconOf[field.type]), h('span', { textContent: words }))
    box.title = area.option === undefined ? fieldName(field) : `${fieldName(field)}: ${area.option}`
  }

  /** Sets a box on its sheet, in fractions: right at every zoom, width of window and density of pixels. */
  function stand(box, area) {
    for (const [side, value] of [
      ['left', area.x],
      ['top', area.y],
      ['width', area.width],
      ['height', area.height],
    ])
      box.style.setProperty(side, `${value * 100}%`)
  }

  function draw() {
    const { document } = store
    const places = placesOf(document)
    const known = new Set(places.map(({ key }) => key))
    for (const [key, { box }] of boxes) {
      if (known.has(key)) continue
      box.remove()
      boxes.delete(key)
    }
    const focused = globalThis.document.activeElement
    const ordered = readingOrder(places, store.pages, direction)
    const last = new Map()
    for (const place of ordered) {
      let shown = boxes.get(place.key)
      if (shown === undefined) boxes.set(place.key, (shown = make(place.key)))
      if (shown.field !== place.field || shown.area !== place.area || shown.roles !== document.roles) {
        paint(shown, place)
        shown.box.setAttribute('aria-label', spoken(document, place, store.pages))
        Object.assign(shown, { field: place.field, area: place.area, roles: document.roles })
      }
      const layer = view.layerOf(place.area.page)
      if (layer === undefined) continue
      const before = last.get(layer)
      const wanted = before === undefined ? layer.firstChild : before.nextSibling
      if (wanted !== shown.box) layer.insertBefore(shown.box, wanted)
      last.set(layer, shown.box)
    }
    if (focused instanceof HTMLElement && focused.classList.contains('se-box') && focused.isConnected)
      focused.focus({ preventScroll: true })
    mark()
  }

  function mark() {
    const chosen = new Set(store.selection)
    const single = chosen.size === 1
    for (const [key, { box }] of boxes) {
      const on = chosen.has(key)
      box.classList.toggle('se-chosen', on)
      box.classList.toggle('se-sizable', on && single)
      box.setAttribute('aria-pressed', String(on))
      const finding = findings.get(key)
      box.classList.toggle('se-wrong', finding?.level === 'error')
      box.classList.toggle('se-doubtful', finding?.level === 'warning')
    }
    const family = new Set(store.chosen().map(({ field }) => field.id))
    for (const [key, { box }] of boxes) box.classList.toggle('se-kin', !chosen.has(key) && family.has(key.slice(0, key.lastIndexOf('/'))))
  }

  store.on('document', draw)
  store.on('selection', mark)
  draw()

  return {
    boxOf: (key) => boxes.get(key)?.box,
    focus(key) {
      boxes.get(key)?.box.focus({ preventScroll: true })
    },
    /** Shows places where they would come to stand, without changing the document. */
    preview(rects) {
      for (const [key, rect] of rects) {
        const shown = boxes.get(key)
        if (shown === undefined) continue
        const page = store.pages[rect.page - 1]
        stand(shown.box, {
          x: rect.x / page.width,
          y: rect.y / page.height,
          width: rect.width / page.width,
          height: rect.height / page.height,
        })
        const layer = view.layerOf(rect.page)
        if (layer !== shown.box.parentElement) layer.append(shown.box)
        // The next drawing sets it where the document says.
        shown.area = undefined
      }
    },
    redraw: draw,
    showFindings(list) {
      findings = new Map()
      for (const one of list) for (const key of one.keys) if (findings.get(key)?.level !== 'error') findings.set(key, one)
      mark()
    },
  }
}
