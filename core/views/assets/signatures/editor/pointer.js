import { announce, t } from './dom.js'
import { dragsOn } from './drags.js'
import { placesOf } from './fields.js'
import { guidesOn } from './guides.js'

/** Mouse, pen and finger: choosing, moving, resizing, a rubber band, placing from the palette. Nothing is changed until it is let go. */

/** CSS pixels before a press becomes a drag. */
const startOfDrag = 4

export function followPointer(stage, store, view, boxes, actions, { fixed, palette, onPlaced }) {
  const guides = guidesOn(stage, store, view)
  const drags = dragsOn(stage, store, view, boxes, guides, actions, onPlaced)
  let session
  let placing

  function setPlacing(type) {
    placing?.cancel()
    placing = type === undefined ? undefined : { type, ...drags.bringing(type) }
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
    guides.clear()
    end()
  }

  // Pressing down on the stage begins a session; the pointer is then followed wherever it goes.

  let pressed
  let scroller
  let latest

  function begin(event, work) {
    pressed = { id: event.pointerId, x: event.clientX, y: event.clientY, going: false, work }
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
        begin(event, drags.resizing(event, place, handle))
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
      begin(event, drags.moving(event, store.chosen()))
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
    begin(event, drags.band(event, place, kept))
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
    begin(event, drags.bringing(button.dataset.type))
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
      actions.place(type, there.page, drags.freePlace(there, type, page))
      onPlaced()
      return
    }
    if (dropped) return
    setPlacing(placing?.type === type ? undefined : type)
    onPlaced()
  })

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
    guides.clear()
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
      guides.clear()
      setPlacing(undefined)
      return true
    },
  }
}
