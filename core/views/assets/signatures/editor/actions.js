import { announce, t } from './dom.js'
import { fieldName } from './boxes.js'
import { align, distribute, sameSize } from './arrange.js'
import { companyRole, copy, copyToAllPages, keyOf, moveTo, newField, paste, placesOf, remove, updateFields } from './fields.js'
import { keepInside, resize, smallestSize, stepTogether, toPoints } from './geometry.js'

/** What can be done to the chosen fields, by whichever way it is asked: keys, buttons, menus. Each tells what it did. */
export function makeActions(store, view, boxes, { fixed }) {
  let clipboard = []
  let pasted = 0
  const items = () =>
    store.chosen().map((place) => {
      const page = store.pages[place.area.page - 1]
      return { ...place, page, rect: toPoints(place.area, page) }
    })
  const percent = (value) => Math.round(value * 100)

  function tellMoved() {
    const place = store.chosen().at(-1)
    if (place === undefined) return
    const { area } = place
    announce(t('moved', { name: fieldName(place.field), page: area.page, left: percent(area.x), top: percent(area.y) }))
  }

  function setRects(list, rects, name, key) {
    store.change(moveTo(store.document, new Map(list.map((item, index) => [item.key, rects[index]])), store.pages), { name, key })
  }

  /** A kind that no company fills goes to the first who signs. */
  function ownerOf(type) {
    const personal = type === 'signature' || type === 'initials' || type === 'attachment'
    const { role } = store
    const roles = store.document.roles
    const known = role === companyRole || roles.some(({ id }) => id === role)
    if (known && !(personal && role === companyRole)) return role
    return (roles.find(({ action }) => action === 'sign') ?? roles[0])?.id ?? companyRole
  }

  const actions = {
    place(type, page, at) {
      if (fixed) return
      const { document, field } = newField(store.document, {
        type,
        role: ownerOf(type),
        page,
        at,
        pages: store.pages,
        options: [t('option', { number: 1 }), t('option', { number: 2 })],
      })
      store.change(document, { name: t('added', { name: t(`type.${type}`) }) })
      const keys = field.areas.map((_, index) => keyOf(field.id, index))
      store.select(keys.slice(0, 1))
      boxes.focus(keys[0])
      announce(t('added', { name: t(`type.${type}`) }))
    },

    /** Points to the side and down; all chosen go together, none leaves its page. */
    nudge(dx, dy) {
      const list = items()
      if (fixed || list.length === 0) return
      const step = stepTogether(list, dx, dy)
      const rects = list.map(({ rect }) => ({ ...rect, x: rect.x + step.dx, y: rect.y + step.dy }))
      setRects(list, rects, t('moved-step'), `nudge ${store.selection.join()}`)
      tellMoved()
    },

    grow(dx, dy) {
      const list = items()
      if (fixed || list.length === 0) return
      const rects = list.map(({ rect, page, field }) => resize(rect, 'se', dx, dy, page, smallestSize(field.type)))
      setRects(list, rects, t('resized-step'), `grow ${store.selection.join()}`)
      announce(t('resized', { width: Math.round(rects[0].width), height: Math.round(rects[0].height) }))
    },

    /** To another page, same place. */
    turn(by) {
      const list = items()
      if (fixed || list.length === 0) return
      if (list.some(({ area }) => area.page + by < 1 || area.page + by > store.pages.length)) return
      const rects = list.map(({ rect, area }) => ({ ...keepInside(rect, store.pages[area.page + by - 1]), page: area.page + by }))
      setRects(list, rects, t('moved-step'))
      view.show(list[0].area.page + by, { block: 'nearest' })
      boxes.boxOf(list[0].key)?.scrollIntoView({ block: 'center' })
      boxes.focus(list.at(-1).key)
      tellMoved()
    },

    remove() {
      if (fixed || store.selection.length === 0) return
      const keys = store.selection
      const ordered = [...document.querySelectorAll('.se-box')].map((box) => box.dataset.key)
      const at = ordered.indexOf(keys[0])
      const { document: next, conditions } = remove(store.document, keys)
      store.change(next, { name: t('deleted', { count: keys.length }) })
      announce(
        conditions > 0
          ? `${t('deleted', { count: keys.length })} ${t('conditions-gone', { count: conditions })}`
          : t('deleted', { count: keys.length }),
      )
      const left = [...document.querySelectorAll('.se-box')]
      left[Math.min(Math.max(at, 0), left.length - 1)]?.focus({ preventScroll: true })
      store.select([])
      return conditions
    },

    duplicate() {
      if (fixed || store.selection.length === 0) return
      const { document: next, keys } = paste(store.document, copy(store.document, store.selection), { pages: store.pages, shift: 14 })
      store.change(next, { name: t('duplicated') })
      store.select(keys)
      boxes.focus(keys[0])
      announce(t('duplicated'))
    },

    copy() {
      if (store.selection.length === 0) return
      clipboard = copy(store.document, store.selection)
      pasted = 0
      announce(t('copied', { count: store.selection.length }))
    },

    cut() {
      actions.copy()
      actions.remove()
    },

    paste() {
      if (fixed || clipboard.length === 0) return
      const from = Math.min(...clipboard.flatMap(({ areas }) => areas.map(({ page }) => page)))
      const stays = store.page === from
      pasted = stays ? pasted + 1 : 0
      const { document: next, keys } = paste(store.document, clipboard, {
        pages: store.pages,
        page: store.page,
        shift: stays ? 14 * pasted : 0,
      })
      store.change(next, { name: t('pasted', { count: keys.length }) })
      store.select(keys)
      boxes.focus(keys[0])
      announce(t('pasted', { count: keys.length }))
    },

    copyToAllPages() {
      const [key] = store.selection
      if (fixed || key === undefined) return
      const next = copyToAllPages(store.document, key, store.pages)
      const name = t('copied-to-pages', { pages: store.pages.length })
      store.change(next, { name })
      announce(name)
    },

    selectPage() {
      store.select(
        placesOf(store.document)
          .filter(({ area }) => area.page === store.page)
          .map(({ key }) => key),
      )
      announce(t('selected-many', { count: store.selection.length }))
    },

    align(edge) {
      const list = items()
      if (!fixed && list.length > 1) setRects(list, align(list, edge), t('moved-step'))
    },
    distribute(axis) {
      const list = items()
      if (!fixed && list.length > 2) setRects(list, distribute(list, axis), t('moved-step'))
    },
    sameSize() {
      const list = items()
      if (!fixed && list.length > 1) setRects(list, sameSize(list), t('resized-step'))
    },

    setRect(key, change) {
      const item = items().find((one) => one.key === key)
      if (fixed || item === undefined) return
      const rect = keepInside({ ...item.rect, ...change }, item.page)
      store.change(moveTo(store.document, new Map([[key, rect]]), store.pages), {
        name: t('moved-step'),
        key: `rect ${key}`,
        source: 'panel',
      })
    },

    update(ids, change, key) {
      store.change(updateFields(store.document, ids, change), { name: t('changed-step'), key, source: 'panel' })
    },

    undo() {
      const name = store.undo()
      if (name !== undefined) announce(t('undone', { name }))
    },
    redo() {
      const name = store.redo()
      if (name !== undefined) announce(t('redone', { name }))
    },
  }
  return actions
}
