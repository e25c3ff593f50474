import { announce, t } from './dom.js'
import { fieldName } from './boxes.js'
import { moveTo, placesOf } from './fields.js'
import { around, keepInside, resize, smallestSize, spanned, stepTogether, toPoints, touches, usualSize } from './geometry.js'
import { outline } from './guides.js'
import { snapMove, snapResize } from './snapping.js'

/** The drags: fields to another place, a handle, a rubber band, a field from the palette. Each has `move(event)`, `end()` and `cancel()`. */

/** CSS pixels within which a field is drawn to a line. */
const pull = 6

/** How far a handle went when a rectangle became another: the bounds are then asked once more. */
function change(before, after, handle) {
  const dx = handle.includes('w') ? after.x - before.x : after.x + after.width - before.x - before.width
  const dy = handle.includes('n') ? after.y - before.y : after.y + after.height - before.y - before.height
  return [dx, dy]
}

export function dragsOn(stage, store, view, boxes, guides, actions, onPlaced) {
  const rectOf = (place) => ({ ...toPoints(place.area, store.pages[place.area.page - 1]), page: place.area.page })
  const neighbours = (page, except) =>
    placesOf(store.document)
      .filter(({ key, area }) => area.page === page && !except.has(key))
      .map(({ area }) => toPoints(area, store.pages[page - 1]))

  function moving(event, places) {
    const starts = new Map(places.map((place) => [place.key, rectOf(place)]))
    const keys = new Set(starts.keys())
    const pages = new Set(places.map(({ area }) => area.page))
    const box = around([...starts.values()])
    const home = places[0].area.page
    const grip = view.at(event.clientX, event.clientY, true)
    const scrolled = stage.scrollTop
    let rects = starts
    return {
      move(now) {
        if (pages.size > 1) {
          // Fields of several pages keep their pages and go the same way.
          const step = stepTogether(
            [...starts.values()].map((rect) => ({ rect, page: store.pages[rect.page - 1] })),
            (now.clientX - event.clientX) / view.scale,
            (now.clientY - event.clientY) / view.scale + (stage.scrollTop - scrolled) / view.scale,
          )
          rects = new Map([...starts].map(([key, rect]) => [key, { ...rect, x: rect.x + step.dx, y: rect.y + step.dy }]))
        } else {
          const there = view.at(now.clientX, now.clientY, true)
          const page = store.pages[there.page - 1]
          const wanted = { ...box, x: there.x - (grip.x - box.x), y: there.y - (grip.y - box.y) }
          const inside = keepInside(wanted, page)
          const snapped = now.altKey ? { rect: inside } : snapMove(inside, neighbours(there.page, keys), page, pull / view.scale)
          const settled = keepInside(snapped.rect, page)
          rects = new Map(
            [...starts].map(([key, rect]) => [
              key,
              { ...keepInside({ ...rect, x: rect.x - box.x + settled.x, y: rect.y - box.y + settled.y }, page), page: there.page },
            ]),
          )
          guides.show(there.page, snapped)
        }
        boxes.preview(rects)
      },
      end() {
        const last = [...rects].at(-1)
        store.change(moveTo(store.document, rects, store.pages), { name: t('moved-step') })
        boxes.focus(places[0].key)
        if (last[1].page !== home) store.look({ page: last[1].page })
        const page = store.pages[last[1].page - 1]
        announce(
          t('moved', {
            name: fieldName(places.at(-1).field),
            page: last[1].page,
            left: Math.round((last[1].x / page.width) * 100),
            top: Math.round((last[1].y / page.height) * 100),
          }),
        )
      },
      cancel: () => boxes.redraw(),
    }
  }

  function resizing(event, place, handle) {
    const start = rectOf(place)
    const page = store.pages[start.page - 1]
    const others = neighbours(start.page, new Set([place.key]))
    const grip = view.at(event.clientX, event.clientY, true)
    const smallest = smallestSize(place.field.type)
    let rect = start
    return {
      move(now) {
        const there = pointOn(start.page, now)
        const plain = resize(start, handle, there.x - grip.x, there.y - grip.y, page, smallest, now.shiftKey)
        const snapped = now.altKey || now.shiftKey ? { rect: plain } : snapResize(plain, handle, others, page, pull / view.scale)
        rect = { ...resize(start, handle, ...change(start, snapped.rect, handle), page, smallest, now.shiftKey), page: start.page }
        boxes.preview(new Map([[place.key, rect]]))
        guides.show(start.page, snapped)
      },
      end() {
        store.change(moveTo(store.document, new Map([[place.key, rect]]), store.pages), { name: t('resized-step') })
        boxes.focus(place.key)
        announce(t('resized', { width: Math.round(rect.width), height: Math.round(rect.height) }))
      },
      cancel: () => boxes.redraw(),
    }
  }

  function pointOn(page, event) {
    const box = view.sheets[page - 1].sheet.getBoundingClientRect()
    return { x: (event.clientX - box.left) / view.scale, y: (event.clientY - box.top) / view.scale }
  }

  function band(event, start, kept) {
    const page = store.pages[start.page - 1]
    let shown
    return {
      move(now) {
        const there = pointOn(start.page, now)
        const rect = spanned(start, there)
        shown?.remove()
        shown = outline('se-band', rect, page)
        view.layerOf(start.page).append(shown)
        const hit = placesOf(store.document)
          .filter(({ area }) => area.page === start.page && touches(toPoints(area, page), rect))
          .map(({ key }) => key)
        store.select([...kept, ...hit])
      },
      end() {
        shown?.remove()
        announce(t('selected-many', { count: store.selection.length }))
      },
      cancel: () => shown?.remove(),
    }
  }

  /** A field on its way from the palette to a page. */
  function bringing(type) {
    const size = usualSize(type)
    let ghost
    let landing
    return {
      move(now) {
        ghost?.remove()
        landing = undefined
        guides.clear()
        const there = view.at(now.clientX, now.clientY)
        const stageBox = stage.getBoundingClientRect()
        if (there === undefined || now.clientX < stageBox.left || now.clientX > stageBox.right || now.clientY < stageBox.top) return
        const page = store.pages[there.page - 1]
        const centred = keepInside({ x: there.x - size.width / 2, y: there.y - size.height / 2, ...size }, page)
        const snapped = now.altKey ? { rect: centred } : snapMove(centred, neighbours(there.page, new Set()), page, pull / view.scale)
        const rect = keepInside(snapped.rect, page)
        ghost = outline('se-ghost', rect, page)
        view.layerOf(there.page).append(ghost)
        guides.show(there.page, snapped)
        landing = { page: there.page, at: { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 } }
      },
      end() {
        ghost?.remove()
        if (landing === undefined) return
        actions.place(type, landing.page, landing.at)
        onPlaced()
      },
      cancel: () => ghost?.remove(),
    }
  }

  /** From the wished point downwards, where nothing stands yet. */
  function freePlace(there, type, page) {
    const size = usualSize(type)
    const others = neighbours(there.page, new Set())
    for (let y = Math.min(Math.max(there.y, size.height), page.height - size.height); y < page.height - size.height / 2; y += 12) {
      const rect = { x: there.x - size.width / 2, y: y - size.height / 2, ...size }
      if (!others.some((other) => touches(rect, other))) return { x: there.x, y }
    }
    return there
  }

  return { moving, resizing, band, bringing, freePlace }
}
