import { announce, h, t } from './dom.js'
import { fieldName } from './boxes.js'
import { placesOf, moveTo } from './fields.js'
import { around, keepInside, resize, smallestSize, spanned, stepTogether, toPoints, touches, usualSize } from './geometry.js'
import { snapMove, snapResize } from './snapping.js'

/** Mouse, pen and finger: choosing, moving, resizing, a rubber band, placing from the palette. Nothing is changed until it is let go. */

/** CSS pixels before a press becomes a drag, and within which a field is drawn to a line. */
const startOfDrag = 4
const pull = 6

export function followPointer(stage, store, view, boxes, actions, { fixed, palette, onPlaced }) {
  let session
  let placing

  const rectOf = (place) => ({ ...toPoints(place.area, store.pages[place.area.page - 1]), page: place.area.page })
  const neighbours = (page, except) =>
    placesOf(store.document)
      .filter(({ key, area }) => area.page === page && !except.has(key))
      .map(({ area }) => toPoints(area, store.pages[page - 1]))

  function showGuides(page, { guides = [], equals = [] }) {
    clearGuides()
    const layer = view.layerOf(page)
    if (layer === undefined) return
    const { width, height } = store.pages[page - 1]
    for (const { axis, at, from, to } of guides) {
      const across = axis === 'x'
      layer.append(
        h('span', {
          className: `se-guide se-guide-${axis}`,
          'aria-hidden': 'true',
          style: across
            ? { left: `${(at / width) * 100}%`, top: `${(from / height) * 100}%`, height: `${((to - from) / height) * 100}%` }
            : { top: `${(at / height) * 100}%`, left: `${(from / width) * 100}%`, width: `${((to - from) / width) * 100}%` },
        }),
      )
    }
    for (const { rect } of equals) layer.append(outline('se-twin', rect, store.pages[page - 1]))
  }
  function clearGuides() {
    for (const one of stage.querySelectorAll('.se-guide, .se-twin')) one.remove()
  }
  function outline(className, rect, page) {
    return h('span', {
      className,
      'aria-hidden': 'true',
      style: {
        left: `${(rect.x / page.width) * 100}%`,
        top: `${(rect.y / page.height) * 100}%`,
        width: `${(rect.width / page.width) * 100}%`,
        height: `${(rect.height / page.height) * 100}%`,
      },
    })
  }

  // Sessions: each has `move(event)`, `end(event)` and `cancel()`.

  function moving(event, places) {
    const starts = new Map(places.map((place) => [place.key, rectOf(place)]))
    const keys = new Set(starts.keys())
    const pages = new Set(places.map(({ area }) => area.page))
    const box = around([...starts.values()])
    const home = places[0].area.page
    const grip = view.at(event.clientX, event.clientY, true)
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
          showGuides(there.page, snapped)
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
        showGuides(start.page, snapped)
      },
      end() {
        store.change(moveTo(store.document, new Map([[place.key, rect]]), store.pages), { name: t('resized-step') })
        boxes.focus(place.key)
        announce(t('resized', { width: Math.round(rect.width), height: Math.round(rect.height) }))
      },
      cancel: () => boxes.redraw(),
    }
  }

  /** How far a handle went when a rectangle became another: the bounds are then asked once more. */
  function change(before, after, handle) {
    const dx = handle.includes('w') ? after.x - before.x : after.x + after.width - before.x - before.width
    const dy = handle.includes('n') ? after.y - before.y : after.y + after.height - before.y - before.height
    return [dx, dy]
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
        clearGuides()
        const there = view.at(now.clientX, now.clientY)
        const stageBox = stage.getBoundingClientRect()
        if (there === undefined || now.clientX < stageBox.left || now.clientX > stageBox.right || now.clientY < stageBox.top) return
        const page = store.pages[there.page - 1]
        const centred = keepInside({ x: there.x - size.width / 2, y: there.y - size.height / 2, ...size }, page)
        const snapped = now.altKey ? { rect: centred } : snapMove(centred, neighbours(there.page, new Set()), page, pull / view.scale)
        const rect = keepInside(snapped.rect, page)
        ghost = outline('se-ghost', rect, page)
        view.layerOf(there.page).append(ghost)
        showGuides(there.page, snapped)
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

  function setPlacing(type) {
    placing?.cancel()
    placing = type === undefined ? undefined : { type, ...bringing(type) }
    stage.classList.toggle('se-placing', placing !== undefined)
    for (const button of palette?.querySelectorAll('[data-type]') ?? [])
      button.setAttribute('aria-pressed', String(button.dataset.type === type))
    if (type !== undefined) announce(t('placing', { name: t(`type.${type}`) }))
  }

  function putDown(event) {
    event.preventDefault()
    placing.move(event)
    const { end } = placing
    placing = undefined
    setPlacing(undefined)
    clearGuides()
    end()
  }

  // Pressing down on the stage begins a session; the pointer is then followed wherever it goes.

  let scrolled = 0
  let pressed
  let scroller
  let latest

  function begin(event, work, immediate = false) {
    pressed = { id: event.pointerId, x: event.clientX, y: event.clientY, going: immediate, work }
    scrolled = stage.scrollTop
    session = work
  }

  function scrollAtEdges() {
    if (pressed === undefined || !pressed.going || latest === undefined) return
    const box = stage.getBoundingClientRect()
    const near = 36
    const by =
      latest.clientY < box.top + near && latest.clientY > box.top - 80
        ? -10
        : latest.clientY > box.bottom - near && latest.clientY < box.bottom + 80
          ? 10
          : 0
    if (by !== 0) {
      const before = stage.scrollTop
      stage.scrollTop += by
      if (stage.scrollTop !== before) session?.move(latest)
    }
    scroller = requestAnimationFrame(scrollAtEdges)
  }

  stage.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || stage.dataset.preview !== undefined || session !== undefined) return
    if (placing !== undefined) {
      // A finger may first scroll to the right place: it puts down with a tap.
      if (event.pointerType !== 'touch') putDown(event)
      return
    }
    const box = event.target.closest('.se-box')
    if (box !== null) {
      const { key } = box.dataset
      const handle = event.target.closest('.se-handle')?.dataset.handle
      const place = placesOf(store.document).find((one) => one.key === key)
      if (place === undefined) return
      if (handle !== undefined && !fixed) {
        event.preventDefault()
        begin(event, resizing(event, place, handle))
        return
      }
      if (event.shiftKey || event.ctrlKey || event.metaKey) {
        event.preventDefault()
        store.toggle(key)
        return
      }
      const already = store.selection.includes(key)
      if (!already) store.select([key])
      box.focus({ preventScroll: true })
      // A finger that only wants to scroll the paper must not carry a field away: it moves what was chosen before.
      if (fixed || (event.pointerType === 'touch' && !already)) return
      event.preventDefault()
      begin(event, moving(event, store.chosen()))
      return
    }
    const place = view.at(event.clientX, event.clientY)
    if (event.pointerType === 'touch' || place === undefined) {
      if (event.pointerType !== 'touch') store.select([])
      return
    }
    event.preventDefault()
    const kept = event.shiftKey ? store.selection : []
    if (!event.shiftKey) store.select([])
    stage.focus({ preventScroll: true })
    begin(event, band(event, place, kept))
  })
  // A tap beside all fields lets go of them; a finger that scrolled did not tap.
  stage.addEventListener('click', (event) => {
    if (event.pointerType === 'touch' && placing !== undefined) {
      putDown(event)
      return
    }
    if (event.pointerType === 'touch' && event.target.closest('.se-box') === null && stage.dataset.preview === undefined) store.select([])
  })

  palette?.addEventListener('pointerdown', (event) => {
    const button = event.target.closest('[data-type]')
    if (button === null || event.button !== 0 || event.pointerType === 'touch') return
    setPlacing(undefined)
    begin(event, bringing(button.dataset.type))
    pressed.type = button.dataset.type
  })
  palette?.addEventListener('click', (event) => {
    const button = event.target.closest('[data-type]')
    if (button === null) return
    const { type } = button.dataset
    // By keyboard there is no place to point at: the middle of what is seen.
    if (event.detail === 0) {
      const box = stage.getBoundingClientRect()
      const there = view.at(box.left + box.width / 2, box.top + box.height / 2, true)
      const page = store.pages[there.page - 1]
      actions.place(type, there.page, freePlace(there, type, page))
      onPlaced()
      return
    }
    if (dropped) return
    setPlacing(placing?.type === type ? undefined : type)
    onPlaced()
  })

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

  let dropped = false
  addEventListener('pointermove', (event) => {
    latest = event
    if (placing !== undefined && pressed === undefined) placing.move(event)
    if (pressed === undefined || event.pointerId !== pressed.id) return
    if (!pressed.going) {
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < startOfDrag) return
      pressed.going = true
      document.documentElement.classList.add('se-dragging')
      scroller = requestAnimationFrame(scrollAtEdges)
    }
    session?.move(event)
  })
  addEventListener('pointerup', (event) => {
    if (pressed === undefined || event.pointerId !== pressed.id) return
    const { going, work } = pressed
    finish()
    if (!going) return
    dropped = true
    setTimeout(() => {
      dropped = false
    })
    work.end(event)
  })
  addEventListener('pointercancel', (event) => {
    if (pressed !== undefined && event.pointerId === pressed.id) cancel()
  })
  function finish() {
    pressed = undefined
    session = undefined
    cancelAnimationFrame(scroller)
    clearGuides()
    document.documentElement.classList.remove('se-dragging')
  }
  function cancel() {
    const work = session
    finish()
    work?.cancel()
  }

  return {
    get busy() {
      return pressed !== undefined
    },
    /** Escape: answers whether there was something to stop. */
    stop() {
      if (pressed !== undefined) {
        cancel()
        return true
      }
      if (placing === undefined) return false
      clearGuides()
      setPlacing(undefined)
      return true
    },
  }
}
