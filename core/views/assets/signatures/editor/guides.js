import { h } from './dom.js'

/** What is drawn over a page while something moves: lines a field is drawn to, neighbours of the same size, outlines. */

/** `rect` and `page` in points. */
export function outline(className, rect, page) {
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

export function guidesOn(stage, store, view) {
  function show(page, { guides = [], equals = [] }) {
    clear()
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

  function clear() {
    for (const one of stage.querySelectorAll('.se-guide, .se-twin')) one.remove()
  }

  return { show, clear }
}
