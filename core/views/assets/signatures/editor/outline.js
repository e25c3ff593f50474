import { h, icon, root, t } from './dom.js'
import { fieldName, roleLook, roleName } from './boxes.js'
import { placesOf } from './fields.js'
import { readingOrder } from './geometry.js'

/** Small pages with the number of their fields; and the list of all fields with a search. */

const iconOf = JSON.parse(root.dataset.icons)

export function showThumbnails(panel, store, view) {
  let file
  const buttons = store.pages.map((page, index) => {
    const canvas = h('canvas', { 'aria-hidden': 'true', dir: 'ltr' })
    canvas.style.aspectRatio = `${page.width} / ${page.height}`
    const marks = h('span', { className: 'se-thumbmarks', 'aria-hidden': 'true' })
    const label = h('span', { className: 'se-thumblabel' })
    const button = h(
      'button',
      { type: 'button', className: 'se-thumb', data: { page: index + 1 }, on: { click: () => view.show(index + 1) } },
      h('span', { className: 'se-thumbpaper', dir: 'ltr' }, canvas, marks),
      label,
    )
    return { button, canvas, marks, label, drawn: false }
  })
  panel.replaceChildren(...buttons.map(({ button }) => button))

  function count() {
    const perPage = new Map()
    for (const place of placesOf(store.document)) perPage.set(place.area.page, [...(perPage.get(place.area.page) ?? []), place])
    for (const [index, { marks, label }] of buttons.entries()) {
      const places = perPage.get(index + 1) ?? []
      label.textContent = `${t('page', { page: index + 1, pages: store.pages.length })}${places.length === 0 ? '' : ` · ${t('fields-count', { count: places.length })}`}`
      marks.replaceChildren(
        ...places.slice(0, 60).map(({ field, area }) =>
          h('i', {
            data: { role: roleLook(store.document, field.role) },
            style: { left: `${area.x * 100}%`, top: `${area.y * 100}%`, width: `${area.width * 100}%`, height: `${area.height * 100}%` },
          }),
        ),
      )
    }
  }
  function here() {
    for (const [index, { button }] of buttons.entries()) {
      const current = index + 1 === store.page
      if (current) button.setAttribute('aria-current', 'page')
      else button.removeAttribute('aria-current')
    }
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const one = buttons[Number(target.dataset.page) - 1]
        if (isIntersecting && !one.drawn) void draw(one, Number(target.dataset.page))
      }
    },
    { root: panel, rootMargin: '100px' },
  )
  async function draw(one, number) {
    if (file === undefined) return
    one.drawn = true
    try {
      const page = await file.getPage(number)
      const plain = page.getViewport({ scale: 1 })
      const viewport = page.getViewport({ scale: (120 * Math.min(devicePixelRatio, 2)) / plain.width })
      one.canvas.width = Math.ceil(viewport.width)
      one.canvas.height = Math.ceil(viewport.height)
      await page.render({ canvas: one.canvas, canvasContext: one.canvas.getContext('2d'), viewport }).promise
    } catch {
      one.drawn = false
    }
  }

  store.on('document', count)
  store.on('view', here)
  count()
  here()
  return {
    draw(loaded) {
      file = loaded
      for (const { button } of buttons) watcher.observe(button)
    },
  }
}

export function showList(panel, store, { direction, goTo }) {
  const search = h('input', {
    type: 'search',
    className: 'form-control k-auto',
    placeholder: t('search'),
    'aria-label': t('search'),
    on: { input: () => draw() },
  })
  const list = h('ul', { className: 'se-fieldlist' })
  const findings = h('div', { className: 'se-findingbox' })
  panel.replaceChildren(findings, search, list)
  let found = []

  function draw() {
    const { document } = store
    const wanted = search.value.trim().toLocaleLowerCase()
    const first = new Map()
    for (const place of readingOrder(placesOf(document), store.pages, direction))
      if (!first.has(place.field.id)) first.set(place.field.id, place)
    const shown = [...first.values()].filter(({ field }) =>
      [fieldName(field), t(`type.${field.type}`), roleName(document, field.role), field.id, ...(field.options ?? [])].some((text) =>
        text.toLocaleLowerCase().includes(wanted),
      ),
    )
    const chosen = new Set(store.chosen().map(({ field }) => field.id))
    list.replaceChildren(
      ...shown.slice(0, 400).map((place) =>
        h(
          'li',
          {},
          h(
            'button',
            {
              type: 'button',
              className: 'se-fielditem',
              'aria-pressed': String(chosen.has(place.field.id)),
              on: { click: () => goTo(place.key) },
            },
            h('span', { className: 'se-swatch', data: { role: roleLook(document, place.field.role) }, 'aria-hidden': 'true' }),
            icon(iconOf[place.field.type]),
            h(
              'span',
              { className: 'se-fielditemname' },
              h('bdi', { textContent: fieldName(place.field) }),
              h('small', { textContent: roleName(document, place.field.role) }),
            ),
            h('span', {
              className: 'se-count',
              textContent: place.area.page,
              title: t('page', { page: place.area.page, pages: store.pages.length }),
            }),
          ),
        ),
      ),
    )
    if (shown.length === 0) list.replaceChildren(h('li', { className: 'se-empty', textContent: t('no-results') }))
  }

  function drawFindings() {
    findings.replaceChildren(
      h('h2', { textContent: t('check.title') }),
      found.length === 0
        ? h('p', { className: 'se-good' }, icon('check-circle'), t('check.none'))
        : h(
            'ul',
            { className: 'se-findings' },
            ...found.map((one) =>
              h(
                'li',
                { data: { level: one.level } },
                icon(one.level === 'error' ? 'alert-circle' : 'alert-triangle'),
                one.keys.length === 0
                  ? h('span', { textContent: one.text })
                  : h('button', { type: 'button', className: 'se-finding', on: { click: () => goTo(one.keys[0]) } }, one.text),
              ),
            ),
          ),
    )
  }

  store.on('document', draw)
  store.on('selection', draw)
  draw()
  drawFindings()
  return {
    showFindings(next) {
      found = next
      drawFindings()
    },
  }
}
