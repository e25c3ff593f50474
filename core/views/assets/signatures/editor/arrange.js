import { around } from './geometry.js'

/** Puts several fields in order; each item is `{ rect, page }` in points. Answers with the new rectangles, in the same order. */

export const edges = ['left', 'center', 'right', 'top', 'middle', 'bottom']

export function align(items, edge) {
  const box = around(items.map(({ rect }) => rect))
  return items.map(({ rect }) => {
    if (edge === 'left') return { ...rect, x: box.x }
    if (edge === 'center') return { ...rect, x: box.x + (box.width - rect.width) / 2 }
    if (edge === 'right') return { ...rect, x: box.x + box.width - rect.width }
    if (edge === 'top') return { ...rect, y: box.y }
    if (edge === 'middle') return { ...rect, y: box.y + (box.height - rect.height) / 2 }
    return { ...rect, y: box.y + box.height - rect.height }
  })
}

/** Equal gaps between neighbours; the two outermost stay. Fewer than three stay as they are. */
export function distribute(items, axis) {
  const rects = items.map(({ rect }) => rect)
  if (rects.length < 3) return rects
  const size = axis === 'x' ? 'width' : 'height'
  const order = rects.map((_, index) => index).sort((one, other) => rects[one][axis] - rects[other][axis])
  const first = rects[order[0]]
  const last = rects[order.at(-1)]
  const inner = order.slice(1, -1).reduce((sum, index) => sum + rects[index][size], 0)
  const gap = (last[axis] - first[axis] - first[size] - inner) / (order.length - 1)
  const placed = [...rects]
  let at = first[axis] + first[size] + gap
  for (const index of order.slice(1, -1)) {
    placed[index] = { ...rects[index], [axis]: at }
    at += rects[index][size] + gap
  }
  return placed
}

/** All get width and height of the first. */
export function sameSize(items) {
  const model = items[0]?.rect
  return items.map(({ rect, page }) => ({
    x: Math.min(rect.x, Math.max(page.width - model.width, 0)),
    y: Math.min(rect.y, Math.max(page.height - model.height, 0)),
    width: Math.min(model.width, page.width),
    height: Math.min(model.height, page.height),
  }))
}
